"""What people type on the pages of assets, and why an act is refused, as they read it."""

from __future__ import annotations

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.asset_values import LONGEST
from iocmarket.accounts.assets import REASON_MAX
from iocmarket.accounts.models import Asset

REASONS: dict[str, Promise] = {
    "asset_conflict": _("It overlaps a verified asset of another institution: take that verification back first."),
    "asset_exists": _("Your institution has declared it already."),
    "asset_gone": _("The institution declares it no longer."),
    "asset_refused": _("An administrator refused it: write to one, only an administrator can change that."),
    "asn_too_large": _("There is no autonomous system with this number."),
    "asn_zero": _("AS0 is no autonomous system."),
    "bad_a_label": _("This is not a DNS name."),
    "bad_label": _("This is not a DNS name."),
    "is_url": _("This is an address of a page: declare its domain."),
    "not_a_name": _("This is not a DNS name."),
    "not_a_network": _("A network is written as address/length, such as 193.48.0.0/24."),
    "not_an_asn": _("An autonomous system is written AS and its number, such as AS2200."),
    "not_by_dns": _("Networks and autonomous systems are verified by an administrator."),
    "onion_service": _("An onion service is in no DNS."),
    "public_suffix": _("Everybody gets names under it: it is nobody's own."),
    "reason_required": _("A refusal needs a reason: the institution will read it."),
    "reserved_name": _("This name is reserved by a standard."),
    "shared_domain": _("It is the domain of a mail provider: everybody has mailboxes there."),
    "single_label": _("A DNS name has at least two parts, such as univ.fr."),
    "special_asn": _("This number is set aside by a standard: it is nobody's own."),
    "special_network": _("This network is private or set aside by a standard: it is nobody's own."),
    "too_long": _("This is too long."),
    "too_many_assets": _("An institution declares at most 500 assets."),
    "too_wide": _("This network is too wide: declare its parts (at most /14 in IPv4, /29 in IPv6)."),
    "unknown_kind": _("Choose what it is."),
    "unknown_tld": _("There is no such top-level domain."),
}


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
