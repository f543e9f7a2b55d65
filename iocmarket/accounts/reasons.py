"""Why an act of this house is refused, as people read it. The services keep codes and an English sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel.decision import Refusal

REASONS: dict[str, Promise] = {
    "agreement_over": _("The end of the agreement lies in the past."),
    "agreement_required": _("Write what was agreed, in at most 2000 characters."),
    "already_rotated": _("This token has a successor already."),
    "bad_name": _("A partner has a name of at most 200 characters."),
    "bad_network": _("This is no address and no network; write them as 192.0.2.0/24 or 2001:db8::/32."),
    "feed_keys_off": _("The community has not switched feed keys on."),
    "institution_exists": _("An institution of this name exists already."),
    "not_open": _("This token is revoked or expired: make a new one."),
    "too_many_networks": _("A token has at most 50 networks."),
}


def sentence_of(refusal: Refusal) -> str:
    """The sentence for people; where there is none, the English one."""
    return str(REASONS.get(refusal.code, refusal.detail))
