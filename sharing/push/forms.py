"""What a manager fills in to have changes sent somewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Token
from iocmarket.accounts.networks import split_words
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import FULL, TLP
from sharing.push.models import Hook
from sharing.push.services import Told

_TLP = [(str(level.value), f"TLP:{level.label}") for level in sorted(TLP, reverse=True) if level <= FULL.tlp]
_HANDS = [
    (Token.OperatedBy.PROVIDER.value, _("a provider, a cloud or nobody knows: up to TLP:AMBER and PAP:AMBER")),
    (Token.OperatedBy.SELF.value, _("our institution alone: everything that our machines may read")),
]
_FINER = frozenset({"types", "threat_types", "score_min", "tlp_max", "from_start"})


class HookForm(forms.Form):
    """A new one, or other terms of one that is there."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For example “SOAR” or “SIEM of the region”."))
    kind = forms.ChoiceField(label=_("The target is"), choices=Hook.Kind.choices, initial=Hook.Kind.WEBHOOK.value)
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("https. Of an index: https://…:9200/iocmarket/_bulk"),
    )
    operated_by = forms.ChoiceField(
        label=_("In the hands of"), choices=_HANDS, initial=Token.OperatedBy.PROVIDER.value, widget=forms.RadioSelect
    )
    auth = forms.ChoiceField(
        label=_("The index asks for"), choices=Hook.Auth.choices, initial=Hook.Auth.NONE.value, required=False
    )
    login = forms.CharField(
        label=_("User name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_("API key or password of the index"),
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown again."),
    )
    types = forms.CharField(
        label=_("Only these types"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("For example: ipv4 domain url. Empty: all."),
    )
    threat_types = forms.MultipleChoiceField(
        label=_("Only these threats"), choices=ThreatType.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    score_min = forms.IntegerField(
        label=_("Only from this score on"), min_value=0, max_value=100, required=False, help_text=_("Empty: all.")
    )
    tlp_max = forms.TypedChoiceField(
        label=_("Only up to"), choices=_TLP, coerce=int, initial=str(int(FULL.tlp)),
    )  # fmt: skip
    from_start = forms.BooleanField(label=_("Also what is there already"), required=False)

    def __init__(self, *args: Any, held: Hook | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _said(held) if held else None, **kwargs})
        self._held = held
        if held:
            self.fields["secret"].help_text = _("Empty: as it is. Kept encrypted and never shown again.")
            # What a hook speaks and whose it is stays (services.py).
            del self.fields["kind"], self.fields["operated_by"]
            if held.kind == Hook.Kind.WEBHOOK:
                del self.fields["auth"], self.fields["login"], self.fields["secret"]

    @property
    def first(self) -> list[forms.BoundField]:
        """What must be said."""
        return [field for field in self if field.name not in _FINER]

    @property
    def finer(self) -> list[forms.BoundField]:
        """What may be said besides: folded on the page."""
        return [field for field in self if field.name in _FINER]

    def clean_types(self) -> list[str]:
        """The words, each a type."""
        words = list(dict.fromkeys(split_words(self.cleaned_data["types"])))
        if unknown := sorted(set(words) - {kind.name for kind in ioc_types}):
            raise forms.ValidationError(_("“%(word)s” is no type of indicator."), params={"word": unknown[0][:40]})
        return words

    def told(self) -> Told:
        """The same as the services take it."""
        given = dict(self.cleaned_data)
        secret = given.pop("secret", "") or None
        if self._held:
            given = {"kind": self._held.kind, "operated_by": self._held.operated_by, **given}
        given["auth"] = given.get("auth") or Hook.Auth.NONE.value
        return Told(**given, secret=secret)


def _said(held: Hook) -> dict[str, Any]:
    """What it says, without its secret."""
    names = ("name", "url", "auth", "login", "threat_types", "score_min", "tlp_max", "from_start")
    return {**{name: getattr(held, name) for name in names}, "types": " ".join(held.types)}
