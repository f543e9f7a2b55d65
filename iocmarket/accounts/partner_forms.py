"""What an administrator fills in for a partner."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.partners import AGREEMENT_MAX, NAME_MAX


class AgreementForm(forms.Form):
    """What was agreed, and until when."""

    agreement = forms.CharField(
        label=_("What was agreed"),
        max_length=AGREEMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Between whom, for what, and where the signed text is kept."),
    )
    until = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("After that day its tokens open nothing, without anybody doing anything."),
    )

    def clean_until(self) -> datetime:
        """The end of that day, where the community is."""
        day: date = self.cleaned_data["until"]
        try:
            return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        except (OverflowError, ValueError) as error:
            raise forms.ValidationError(_("Choose an earlier day.")) from error


class PartnerForm(AgreementForm):
    """A new partner."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=NAME_MAX)
    contact_email = forms.EmailField(
        label=_("E-mail address of its contact"),
        help_text=_("It is told when a token of the partner is about to expire."),
    )
    field_order = ("name", "contact_email", "agreement", "until")
