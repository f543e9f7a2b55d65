"""The form behind the page *Share*."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ingestion.submissions.choices import COMMENT_MAX, Choices, read_choices
from ingestion.submissions.reasons import fault_of
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, PAP, TLP

# The channel's own words first; the others stand behind « Other… ».
USUAL = ("phishing", "brute-force", "scan", "exploitation", "account-compromise", "infostealer", "malware", "c2")
AS_THE_TEXT_SAYS = _("As the text says")
AUDIENCES = [
    ("community", _("The whole community")),
    ("circle", _("A circle")),
    ("recipients", _("Institutions to choose")),
    ("own", _("My institution alone")),
]
SUBTREE = [
    ("", _("As each name suggests")),
    ("true", _("Meant too")),
    ("false", _("Not meant")),
]
"""What holds for the names below the shared ones: a registrable name suggests that they are meant."""


class ShareForm(forms.Form):
    """The batch: what was pasted, and what holds for all of it."""

    text = forms.CharField(required=False, max_length=2_000_000, strip=False)
    tlp = forms.ChoiceField(choices=[(x.slug, x.label) for x in TLP], initial=DEFAULT.tlp.slug)
    pap = forms.ChoiceField(choices=[(x.slug, x.label) for x in PAP], initial=DEFAULT.pap.slug)
    threat_type = forms.ChoiceField(choices=[("", AS_THE_TEXT_SAYS), *ThreatType.choices], required=False, initial="")
    audience = forms.ChoiceField(choices=AUDIENCES, initial="community")
    circle = forms.ChoiceField(choices=(), required=False)
    recipients = forms.MultipleChoiceField(choices=(), required=False)
    persons = forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))
    subtree = forms.ChoiceField(choices=SUBTREE, required=False)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=COMMENT_MAX, widget=forms.Textarea(attrs={"rows": 2})
    )
    anonymous = forms.BooleanField(required=False)
    file = forms.FileField(required=False, allow_empty_file=True)

    def __init__(self, *args: Any, institutions: list[str], circles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.institutions = institutions
        self.circles = circles
        circle = self.fields["circle"]
        if isinstance(circle, forms.ChoiceField):
            circle.choices = [("", ""), *circles]
        field = self.fields["recipients"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(name, name) for name in institutions]

    def clean(self) -> dict[str, Any]:
        """Recipients count only for the audience that names them; the choices must hold together."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.said = _said(cleaned)
                self.choices = read_choices(self.said, base=Choices(), where="", own=False)
            except Refusal as refusal:
                raise ValidationError(fault_of(refusal)) from refusal
        return cleaned


def _said(cleaned: dict[str, Any]) -> dict[str, Any]:
    names = ("tlp", "pap", "threat_type", "audience", "comment", "anonymous", "subtree")
    said = {name: cleaned[name] for name in names if cleaned.get(name) not in (None, "")}
    if cleaned.get("tlp") == TLP.RED.slug:
        # For persons, whatever was ticked among the audiences of institutions.
        persons = [word for word in re.split(r"[\s,;]+", cleaned.get("persons", "")) if word]
        said |= {"audience": "recipients", "recipients": persons} if persons else {"audience": "own"}
    elif cleaned.get("audience") == "recipients":
        said["recipients"] = list(cleaned.get("recipients", []))
    elif cleaned.get("audience") == "circle":
        said["circle"] = cleaned.get("circle", "")
    return said
