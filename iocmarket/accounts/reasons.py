"""The sentences of this house's codes (kernel/reasons.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "administrator": _("Only administrators of the platform act on an administrator."),
    "agreement_over": _("The end of the agreement lies in the past."),
    "agreement_required": _("Write what was agreed, in at most 2000 characters."),
    "already_colleague": _("This person is in your institution already."),
    "already_rotated": _("This token has a successor already."),
    "asn_too_large": _("There is no autonomous system with this number."),
    "asn_zero": _("AS0 is no autonomous system."),
    "asset_conflict": _("It overlaps a verified asset of another institution: take that verification back first."),
    "asset_exists": _("Your institution has declared it already."),
    "asset_gone": _("The institution declares it no longer."),
    "asset_refused": _("An administrator refused it: write to one, only an administrator can change that."),
    "bad_a_label": _("This is not a DNS name."),
    "bad_label": _("This is not a DNS name."),
    "bad_name": _("A partner has a name of at most 200 characters."),
    "bad_network": _("This is no address and no network; write them as 192.0.2.0/24 or 2001:db8::/32."),
    "circle_exists": _("Your institution is already in a circle with this name."),
    "circle_name": _("A circle has a readable name of at most 120 characters."),
    "circle_not_alone": _("A circle is renamed only while nobody else is in it or invited."),
    "circle_of_that_name": _(
        "Both institutions are in different circles of the same name: one of them has to leave first."
    ),
    "feed_keys_off": _("The community has not switched feed keys on."),
    "in_circle_already": _("This institution is already in the circle."),
    "institution_exists": _("An institution of this name exists already."),
    "institution_not_open": _("The institution is not open: it is suspended, has left, or has no people here."),
    "institution_read_only": _("Your institution may only read until it confirms its contacts and assets."),
    "invitation_over": _("This invitation was accepted, taken back, or is too old."),
    "is_url": _("This is an address of a page: declare its domain."),
    "last_administrator": _("The platform would be left without an administrator: name another one first."),
    "last_circle_manager": _("Nobody else manages the circle: appoint another institution first."),
    "last_manager": _("The institution would be left without a manager: name another one first."),
    "manages_too": _("This institution manages the circle too: only it can leave by itself."),
    "member_exists": _("This address belongs to a member already: log in instead."),
    "not_a_member": _("This is no member institution: a partner is ended with its agreement."),
    "not_a_name": _("This is not a DNS name."),
    "not_a_network": _("A network is written as address/length, such as 193.48.0.0/24."),
    "not_an_asn": _("An autonomous system is written AS and its number, such as AS2200."),
    "not_approved": _("The institution is not an approved member of the community."),
    "not_by_dns": _("Networks and autonomous systems are verified by an administrator."),
    "not_circle_manager": _("Another institution manages this circle."),
    "not_in": _("This person is not in any more."),
    "not_in_circle": _("This institution is not in the circle."),
    "not_open": _("This token is revoked or expired: make a new one."),
    "not_settled": _("What an institution said is still being handed over: try again in some minutes."),
    "not_suspended": _("The institution is not suspended."),
    "not_yours": _("This is not yours to do."),
    "onion_service": _("An onion service is in no DNS."),
    "public_suffix": _("Everybody gets names under it: it is nobody's own."),
    "reason_required": _("Give a reason: it is kept."),
    "reserved_name": _("This name is reserved by a standard."),
    "role_too_high": _("Nobody gives a role above their own."),
    "same_institution": _("An institution does not merge into itself."),
    "shared_domain": _("It is the domain of a mail provider: everybody has mailboxes there."),
    "single_label": _("A DNS name has at least two parts, such as univ.fr."),
    "special_asn": _("This number is set aside by a standard: it is nobody's own."),
    "special_network": _("This network is private or set aside by a standard: it is nobody's own."),
    "too_long": _("This is too long."),
    "too_many_assets": _("An institution declares at most 500 assets."),
    "too_many_networks": _("A token has at most 50 networks."),
    "too_wide": _("This network is too wide: declare its parts (at most /14 in IPv4, /29 in IPv6)."),
    "unknown_kind": _("Choose what it is."),
    "unknown_recipient": _("This is not a member institution."),
    "unknown_tld": _("There is no such top-level domain."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
