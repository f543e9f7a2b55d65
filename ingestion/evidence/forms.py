"""What people type on the pages of evidence."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.evidence.cases import TITLE_MAX
from ingestion.submissions.forms import ShareForm
from iocmarket.kernel.marking import TLP

_TLP = [(str(level.value), f"TLP:{level.label}") for level in sorted(TLP) if level < TLP.RED]


class CaseForm(forms.Form):
    """A new case."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_MAX,
        help_text=_("For example “Ransomware, faculty of law”. Your institution and the guests you name read it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tlp = forms.TypedChoiceField(
        label=_("Marking"),
        choices=_TLP,
        coerce=lambda value: TLP(int(value)),
        initial=str(TLP.AMBER_STRICT.value),
        help_text=_("Written into each record. It opens the case to nobody."),
    )


class GuestForm(forms.Form):
    """Who is let in."""

    member = forms.EmailField(
        label=_("Address of a member of another institution"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("A contributor or manager. Guests read this case alone, and change nothing."),
    )


class ProposeForm(ShareForm):
    """Marking and audience as on the page Share, and the words of the report."""

    title = forms.CharField(
        label=_("Title of the report"),
        max_length=200,
        required=False,
        help_text=_("Every reader sees it. Empty: “Observed indicators” and the date."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Text of the report"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
