"""What people type on the pages of assets."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.asset_values import LONGEST
from iocmarket.accounts.assets import REASON_MAX
from iocmarket.accounts.models import Asset


class AssetForm(forms.Form):
    """Something that the institution owns."""

    kind = forms.ChoiceField(label=_("What it is"), choices=Asset.Kind.choices)
    value = forms.CharField(
        label=_("Value"),
        max_length=LONGEST,
        help_text=_("univ.fr, etu.univ.fr, 193.48.0.0/24, 2001:660::/48, AS2200…"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )


class VerdictForm(forms.Form):
    """What an administrator decides about an asset."""

    decision = forms.ChoiceField(choices=[("approve", _("Verify")), ("refuse", _("Refuse"))])
    reason = forms.CharField(required=False, max_length=REASON_MAX)
