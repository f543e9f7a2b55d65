"""Why an act on people or institutions is refused, as people read it. The services keep codes and English sentences."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel.decision import Refusal

REASONS: dict[str, Promise] = {
    "administrator": _("Only administrators of the platform act on an administrator."),
    "already_colleague": _("This person is in your institution already."),
    "circle_exists": _("Both institutions are in different circles of the same name: one of them has to leave first."),
    "institution_not_open": _("The institution is not open: it is suspended, has left, or has no people here."),
    "invitation_over": _("This invitation was accepted, taken back, or is too old."),
    "last_administrator": _("The platform would be left without an administrator: name another one first."),
    "last_manager": _("The institution would be left without a manager: name another one first."),
    "member_exists": _("This address belongs to a member already: log in instead."),
    "not_a_member": _("This is no member institution: a partner is ended with its agreement."),
    "not_approved": _("The institution is not an approved member of the community."),
    "not_in": _("This person is not in any more."),
    "not_settled": _("What an institution said is still being handed over: try again in some minutes."),
    "not_suspended": _("The institution is not suspended."),
    "not_yours": _("This is not yours to do."),
    "reason_required": _("A reason is needed: the institution will read it."),
    "role_too_high": _("Nobody gives a role above their own."),
    "same_institution": _("An institution does not merge into itself."),
}


def said(refusal: Refusal) -> str:
    """The sentence for this refusal, the service's own where there is none."""
    return str(REASONS.get(refusal.code, refusal.detail))
