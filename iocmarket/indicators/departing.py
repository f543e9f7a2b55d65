"""An institution leaves the community: at its next request it is out everywhere, for good.

What it said in circles is taken back with the circles. The rest stays, or is withdrawn, as it chooses.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from iocmarket.accounts.circles import remove_from_circle
from iocmarket.accounts.models import Circle, Institution, Invitation, Member, Token
from iocmarket.accounts.people import end_all_sessions, keep_an_administrator
from iocmarket.audit.services import Actor, record
from iocmarket.indicators import settling
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.settling import refuse_unsettled
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

IN = (Institution.State.APPROVED, Institution.State.SUSPENDED)


@transaction.atomic
def leave_community(institution: Institution, *, withdraw: bool = False, reason: str = "", actor: Actor) -> Institution:
    """End a membership. Its tokens, sessions and open invitations end, its assets guard nothing any more.

    What it said in circles is taken back; with `withdraw` everything else too. Of more than a chunk of statements the
    worker takes back the rest (settling.py). Raises Refusal: `not_approved` (it is not in), `last_administrator`,
    `not_settled` (another one that merged into it is still being handed over).
    """
    keep_an_administrator(institution)
    hold_institution(institution.pk)
    held = Institution.objects.select_for_update().get(pk=institution.pk)
    if held.state not in IN:
        raise Refusal("not_approved", f"{held.name} is {held.get_state_display()}")
    refuse_unsettled(held)
    moment = clock.now()
    for circle in Circle.objects.filter(institutions=held).order_by("pk"):
        remove_from_circle(circle, held, actor=actor)
    close_keys(held, moment)
    held.state, held.left_at = Institution.State.LEFT, moment
    held.save(update_fields=["state", "left_at"])
    taken_back = settling.begin(held, withdraw=withdraw)
    record(
        "institution.left", actor=actor, subject_type="institution", subject_id=held.public_id,
        details={"reason": reason.strip(), "everything": withdraw, "withdrawn": taken_back.get("statements", 0)},
    )  # fmt: skip
    return held


def close_keys(institution: Institution, moment: datetime) -> None:
    """End every token, session and open invitation of an institution."""
    Token.objects.filter(institution=institution, revoked_at__isnull=True).update(revoked_at=moment)
    Invitation.objects.filter(institution=institution, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=moment
    )
    end_all_sessions(Member.objects.filter(institution=institution))
