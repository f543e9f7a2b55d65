"""The forms of tokens."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import snippets


class ProfileForm(forms.Form):
    """What a person says of itself to the others."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))


# What a token may open in this version, each with its line of explanation.
SCOPE_CHOICES = [
    (Scope.INDICATORS_READ.value, _("Read indicators: search, look-up, TAXII")),
    (Scope.FEEDS_READ.value, _("Pull feeds: RPZ, Suricata, CSV, text, STIX")),
    (Scope.INDICATORS_WRITE.value, _("Share indicators in the name of the institution")),
    (Scope.SIGHTINGS_WRITE.value, _("Report sightings and false positives in the name of the institution")),
]


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which machine will use it, for example “SIEM”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=SCOPE_CHOICES,
        initial=[Scope.INDICATORS_READ.value, Scope.FEEDS_READ.value],
        widget=forms.CheckboxSelectMultiple,
    )
    tool = forms.ChoiceField(
        label=_("For"),
        required=False,
        choices=lambda: [("", _("Anything")), *snippets.choices()],
        help_text=_("These tools need answers in a form of their own."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[("90", _("in 90 days")), ("365", _("in one year")), ("0", _("never"))],
        coerce=int,
        initial="365",
    )
