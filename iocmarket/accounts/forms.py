"""The application form: what a person tells the community before being let in."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts import services
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.snippets import snippets


class ApplicationForm(forms.Form):
    """Added to allauth's sign-up form. It never says which institutions exist: the name is typed, not chosen."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    institution = forms.CharField(
        label=_("Your institution"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    why = forms.CharField(
        label=_("Your function, and somebody who knows you"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def signup(self, request: HttpRequest, user: Member) -> None:
        """Called by allauth once the account exists: it waits as an applicant until somebody decides."""
        del request
        services.apply(
            user,
            name=self.cleaned_data["name"],
            institution_name=self.cleaned_data["institution"],
            why=self.cleaned_data["why"],
        )


class ProfileForm(forms.Form):
    """What a person says of itself to the others."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class DecisionForm(forms.Form):
    """An administrator's answer to one applicant."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("refuse", _("Refuse"))])
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.CONTRIBUTOR, required=False)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_role(self) -> str:
        """Nothing chosen means the usual role."""
        return self.cleaned_data["role"] or Role.CONTRIBUTOR


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
