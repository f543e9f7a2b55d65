"""What a manager fills in to have another server's content fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.services import MINUTES_LEAST, MINUTES_MOST, Told
from iocmarket.accounts.models import Circle, Institution
from iocmarket.accounts.networks import split_words
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import DEFAULT, PAP, TLP

_TLP = [(str(level.value), f"TLP:{level.label}") for level in sorted(TLP) if level < TLP.RED]
_PAP = [(str(level.value), f"PAP:{level.label}") for level in sorted(PAP)]
_WORDS_MOST = 50
_AUDIENCES = [
    ("community", _("the whole community")),
    ("circle", _("a circle")),
    ("own", _("the own institution alone")),
]


class SubscriptionForm(forms.Form):
    """A new one, or other terms of one that is there."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For example “MISP of the CERT”."))
    kind = forms.ChoiceField(label=_("The server speaks"), choices=Subscription.Kind.choices)
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Of TAXII the collection: https://…/collections/ID/. Of MISP the server: https://misp.example.org/"
        ),
    )
    login = forms.CharField(
        label=_("User name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Only for TAXII servers that want one with the password."),
    )
    secret = forms.CharField(
        label=_("Key, token or password"),
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown again."),
    )
    minutes = forms.IntegerField(
        label=_("Every how many minutes"), min_value=MINUTES_LEAST, max_value=MINUTES_MOST, initial=60
    )
    since = forms.DateField(
        label=_("From this day on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: everything that the server has."),
    )
    types = forms.CharField(
        label=_("Only these types"),
        required=False,
        max_length=2000,
        help_text=_("In the words of the server: indicator for TAXII, ip-dst, domain for MISP. Empty: all."),
    )
    tags = forms.CharField(
        label=_("Only with one of these tags"),
        required=False,
        max_length=4000,
        help_text=_("MISP alone, with commas between them."),
    )
    published = forms.BooleanField(label=_("Only published events (MISP)"), required=False, initial=True)
    tlp = forms.TypedChoiceField(
        label=_("What is unmarked becomes"), choices=_TLP, coerce=int, initial=str(DEFAULT.tlp.value)
    )
    pap = forms.TypedChoiceField(label=_("and"), choices=_PAP, coerce=int, initial=str(DEFAULT.pap.value))
    tlp_floor = forms.TypedChoiceField(
        label=_("Nothing is shared under"), choices=_TLP, coerce=int, initial=str(TLP.CLEAR.value)
    )
    pap_floor = forms.TypedChoiceField(label=_("and"), choices=_PAP, coerce=int, initial=str(PAP.CLEAR.value))
    audience = forms.ChoiceField(
        label=_("For"),
        choices=_AUDIENCES,
        initial="community",
        help_text=_("What its originator marked TLP:AMBER or stricter stays with your institution."),
    )
    circle = forms.ModelChoiceField(
        label=_("Circle"),
        queryset=Circle.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("none"),
    )
    permitted = forms.BooleanField(
        label=_("We are the source or have its permission"),
        required=False,
        help_text=_("Then TLP:AMBER and stricter is shared, too. The journal says who stated it."),
    )
    threat_type = forms.ChoiceField(
        label=_("Threat, where none is told"), choices=ThreatType.choices, initial=ThreatType.OTHER.value
    )

    def __init__(self, *args: Any, institution: Institution, held: Subscription | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _said(held) if held else None, **kwargs})
        self._held = held
        circle = self.fields["circle"]
        if isinstance(circle, forms.ModelChoiceField):
            circle.queryset = Circle.objects.filter(institutions=institution).order_by("name", "pk")
        if held:
            self.fields["secret"].help_text = _("Empty: as it is. Kept encrypted and never shown again.")

    def clean_types(self) -> list[str]:
        """The words, each once."""
        return self._words("types", 60)

    def clean_tags(self) -> list[str]:
        """The tags, each once; there may be spaces within one."""
        return self._words("tags", 200)

    def _words(self, name: str, longest: int) -> list[str]:
        text = self.cleaned_data[name]
        found = text.split(",") if name == "tags" else split_words(text)
        words = list(dict.fromkeys(word.strip() for word in found if word.strip()))
        if len(words) > _WORDS_MOST or any(len(word) > longest or not word.isprintable() for word in words):
            raise forms.ValidationError(_("Too many words, or a word that is too long."))
        return words

    def told(self) -> Told:
        """The same as the services take it."""
        given = dict(self.cleaned_data)
        since = given.pop("since")
        secret = given.pop("secret") or (None if self._held else "")
        moment = _midnight(since) if since else None
        return Told(**given, since=moment, secret=secret)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _said(held: Subscription) -> dict[str, Any]:
    """What it says, without its credential."""
    names = (
        "name", "kind", "url", "login", "minutes", "published", "tlp", "pap", "tlp_floor", "pap_floor", "audience",
        "permitted", "threat_type",
    )  # fmt: skip
    return {
        **{name: getattr(held, name) for name in names},
        "since": held.since.astimezone(UTC).date() if held.since else None,
        "types": " ".join(held.types),
        "tags": ", ".join(held.tags),
        "circle": held.circle.public_id if held.circle else None,
    }
