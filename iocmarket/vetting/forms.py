"""The forms of vetting: asking for access, deciding, vouching, the charter, the rules."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.core import context as allauth_request
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.languages import language_here
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.vetting import applying
from iocmarket.vetting.charters import current_charter
from iocmarket.vetting.declared import domains_in, networks_in
from iocmarket.vetting.models import CHARTER_MAX, TEXT_MAX

SAID = "application_said"
SAID_SECONDS = 1800


def _area(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class _Listed(forms.CharField):
    """A text of one thing a line, read into a list. A refusal names the line that it is about."""

    def __init__(self, read: Callable[[str], list[str]], **options: Any) -> None:
        self._read = read
        options.setdefault("required", False)
        super().__init__(max_length=5000, widget=_area(2, spellcheck="false", autocapitalize="off"), **options)

    def clean(self, value: Any) -> Any:
        """Raises ValidationError."""
        try:
            return self._read(super().clean(value))
        except Refusal as refusal:
            said = sentence_of(refusal)
            if refusal.where:
                said = str(_("%(what)s: %(why)s") % {"what": refusal.where, "why": said})
            raise forms.ValidationError(said) from refusal


def say_before(request: HttpRequest, **texts: str) -> None:
    """What the form of this browser begins with, for a while. A help in writing: nothing of it is believed."""
    request.session[SAID] = {"until": time.time() + SAID_SECONDS, "texts": texts}


def said_before() -> dict[str, str]:
    """What was kept for the browser of this request."""
    request = allauth_request.request
    kept = request.session.get(SAID) if request is not None and hasattr(request, "session") else None
    return dict(kept["texts"]) if kept and kept["until"] > time.time() else {}


class ApplicationForm(forms.Form):
    """Added to allauth's sign-up form. It never says which institutions exist: the name is typed, not chosen."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    institution = forms.CharField(
        label=_("Your institution"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    domains = _Listed(domains_in, label=_("Its domains"), help_text=_("One a line, for example univ-example.fr."))
    networks = _Listed(networks_in, label=_("Its networks"), help_text=_("One a line, for example 193.52.0.0/16."))
    contact_email = forms.EmailField(
        label=_("Its security contact"), required=False, help_text=_("An address that is read when you are away.")
    )
    why = forms.CharField(label=_("Your function, and somebody who knows you"), max_length=TEXT_MAX, widget=_area(3))
    charter = forms.BooleanField(label=_("I have read the charter and accept it."))
    charter_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in said_before().items():
            if name in self.fields:
                self.fields[name].initial = text
        self.current = current_charter()
        if self.current is None:
            del self.fields["charter"], self.fields["charter_version"]
        else:
            self.fields["charter_version"].initial = self.current.version

    def clean_charter_version(self) -> int | None:
        """What is accepted is what was shown. Raises ValidationError when it is not what holds by now."""
        version: int | None = self.cleaned_data["charter_version"]
        if self.current is not None and version != self.current.version:
            self.data = {**self.data, self.add_prefix("charter_version"): str(self.current.version)}
            self.add_error("charter", sentence_of(Refusal("charter_changed", "")))
        return version

    def signup(self, request: HttpRequest, user: Member) -> None:
        """Called by allauth once the account exists: it waits as an applicant until somebody decides."""
        request.session.pop(SAID, None)
        applying.apply(user, self.told())

    def told(self) -> applying.Told:
        """What the valid form holds."""
        return applying.Told(
            name=self.cleaned_data["name"],
            institution=self.cleaned_data["institution"],
            why=self.cleaned_data["why"],
            domains=self.cleaned_data["domains"],
            networks=self.cleaned_data["networks"],
            contact_email=self.cleaned_data["contact_email"],
            charter=self.cleaned_data.get("charter_version"),
            language=language_here(),
        )


class DecisionForm(forms.Form):
    """An answer to one applicant."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("refuse", _("Refuse")), ("ask", _("Ask"))])
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.CONTRIBUTOR, required=False)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=TEXT_MAX, widget=_area(2))
    assets_verified = forms.BooleanField(required=False)
    without_vouches = forms.BooleanField(required=False)

    def clean_role(self) -> str:
        """Nothing chosen means the usual role."""
        return self.cleaned_data["role"] or Role.CONTRIBUTOR


class WordsForm(forms.Form):
    """Words of a vouch or of an answer; that there are any is the service's to say."""

    words = forms.CharField(required=False, max_length=TEXT_MAX, widget=_area(3))


class CharterForm(forms.Form):
    """A new version of the charter."""

    text_fr = forms.CharField(label=_("French text"), max_length=CHARTER_MAX, widget=_area(18, lang="fr"))
    text_en = forms.CharField(label=_("English text"), max_length=CHARTER_MAX, widget=_area(18, lang="en"))


class RulesForm(forms.Form):
    """The two numbers of vetting."""

    vouches_needed = forms.IntegerField(label=_("Vouches that a new institution needs"), min_value=0, max_value=20)
    charter_grace_days = forms.IntegerField(
        label=_("Days that tokens go on working under a new charter"), min_value=1, max_value=365
    )
