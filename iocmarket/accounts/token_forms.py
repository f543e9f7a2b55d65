"""What a person fills in to make a token, a feed key, or a successor of either."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.feed_keys import feeds
from iocmarket.accounts.models import Token
from iocmarket.accounts.networks import read_networks, split_words
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import snippets
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, PARTNER, TLP
from iocmarket.kernel.reasons import sentence_of

# What a token may open in this version, each with its line of explanation.
SCOPE_CHOICES = [
    (Scope.INDICATORS_READ.value, _("Read indicators: search, look-up, TAXII")),
    (Scope.FEEDS_READ.value, _("Pull feeds: RPZ, Suricata, CSV, text, STIX")),
    (Scope.INDICATORS_WRITE.value, _("Share indicators in the name of the institution")),
    (Scope.SIGHTINGS_WRITE.value, _("Report sightings and false positives in the name of the institution")),
    (Scope.INSTITUTION_ADMIN.value, _("Manage the institution: its tokens, circles, assets and journal")),
]
READING = SCOPE_CHOICES[:2]


def _ceilings(highest: TLP) -> list[tuple[str, str]]:
    return [(str(level.value), f"TLP:{level.label}") for level in sorted(TLP, reverse=True) if level <= highest]


class _Common(forms.Form):
    """What every key has."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which machine will use it, for example “SIEM”.")
    )
    tlp_ceiling = forms.TypedChoiceField(
        label=_("It reads up to"),
        choices=_ceilings(FULL.tlp),
        coerce=lambda text: TLP(int(text)),
        initial=str(FULL.tlp.value),
        help_text=_("TLP:RED is for persons: no machine reads it."),
    )
    networks = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Addresses or networks, one a line, for example 192.0.2.0/24. Empty: from anywhere."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[("90", _("in 90 days")), ("365", _("in one year")), ("0", _("never"))],
        coerce=int,
        initial="365",
    )

    def clean_networks(self) -> list[str]:
        """The networks in their canonical form."""
        try:
            return read_networks(split_words(self.cleaned_data["networks"]))
        except Refusal as refusal:
            raise forms.ValidationError(sentence_of(refusal)) from refusal

    def expires_at(self) -> datetime | None:
        """The moment that was chosen; None for never."""
        days = self.cleaned_data["days"]
        return clock.now() + timedelta(days=days) if days else None

    def made_of(self) -> dict[str, Any]:
        """The same as services.create_token takes it."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "tlp_ceiling": given["tlp_ceiling"],
            "networks": given["networks"],
            "expires_at": self.expires_at(),
        }


class TokenForm(_Common):
    """A new token."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=SCOPE_CHOICES,
        initial=[Scope.INDICATORS_READ.value, Scope.FEEDS_READ.value],
        widget=forms.CheckboxSelectMultiple,
    )
    operated_by = forms.ChoiceField(
        label=_("In whose hands the machine is"),
        choices=Token.OperatedBy.choices,
        initial=Token.OperatedBy.SELF,
        help_text=_("To a provider, TLP:AMBER+STRICT and PAP:RED are never told."),
    )
    tool = forms.ChoiceField(
        label=_("For"),
        required=False,
        choices=lambda: [("", _("Anything")), *snippets.choices()],
        help_text=_("These tools need answers in a form of their own."),
    )
    field_order = ("name", "scopes", "tlp_ceiling", "operated_by", "tool", "networks", "days")

    def made_of(self) -> dict[str, Any]:
        """With what only tokens have."""
        return {**super().made_of(), **{name: self.cleaned_data[name] for name in ("scopes", "operated_by", "tool")}}


class PartnerTokenForm(_Common):
    """A token of a partner: it reads, up to the ceiling of partners, and its agreement ends it."""

    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=READING,
        initial=[scope for scope, _line in READING],
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("name", "scopes", "tlp_ceiling", "networks", "days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ceiling = self.fields["tlp_ceiling"]
        if isinstance(ceiling, forms.TypedChoiceField):
            ceiling.choices, ceiling.initial = _ceilings(PARTNER.tlp), str(PARTNER.tlp.value)

    def made_of(self) -> dict[str, Any]:
        """With its scopes."""
        return {**super().made_of(), "scopes": self.cleaned_data["scopes"]}


class FeedKeyForm(_Common):
    """A new feed key."""

    prefix = "key"
    name = forms.CharField(
        label=_("Name of the device"), max_length=100, help_text=_("Which device will use it, for example “firewall”.")
    )
    feed = forms.ChoiceField(label=_("Feed"))
    field_order = ("name", "feed", "tlp_ceiling", "networks", "days")

    def __init__(self, *args: Any, institution_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["feed"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(feed.name, f"{feed.name}.{feed.extension}") for feed in feeds.all(institution_id)]

    def made_of(self) -> dict[str, Any]:
        """With the one thing that it opens."""
        return {**super().made_of(), "scopes": [Scope.FEEDS_READ.value], "feed": self.cleaned_data["feed"]}


class RotationForm(forms.Form):
    """For how long the old secret works beside the new one."""

    overlap = forms.TypedChoiceField(
        label=_("The old one works"),
        choices=[("0", _("not any more")), ("1", _("one more day")), ("3", _("three more days")), ("7", _("a week"))],
        coerce=lambda text: timedelta(days=int(text)),
        initial="3",
    )
