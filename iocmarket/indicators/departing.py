"""An institution leaves the community: at its next request it is out everywhere, for good.

What it said in circles is taken back with the circles (leaving.py). The rest stays, or is withdrawn, as it chooses.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from iocmarket.accounts.models import Circle, Institution, Invitation, Member, Token
from iocmarket.accounts.people import end_all_sessions, keep_an_administrator
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.leaving import leave_circle
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

IN = (Institution.State.APPROVED, Institution.State.SUSPENDED)


@transaction.atomic
def leave_community(institution: Institution, *, withdraw: bool = False, reason: str = "", actor: Actor) -> Institution:
    """End a membership. Its tokens, sessions and open invitations end, its assets guard nothing any more.

    With `withdraw` everything that it said is taken back too. Raises Refusal: `not_approved` (it is not in),
    `last_administrator`.
    """
    keep_an_administrator(institution)
    hold_institution(institution.pk)
    held = Institution.objects.select_for_update().get(pk=institution.pk)
    if held.state not in IN:
        raise Refusal("not_approved", f"{held.name} is {held.get_state_display()}")
    moment = clock.now()
    for circle in Circle.objects.filter(institutions=held).order_by("pk"):
        leave_circle(circle, held, actor=actor)
    count = _take_back(held, moment) if withdraw else 0
    close_keys(held, moment)
    held.state, held.left_at = Institution.State.LEFT, moment
    held.save(update_fields=["state", "left_at"])
    record(
        "institution.left", actor=actor, subject_type="institution", subject_id=held.public_id,
        details={"reason": reason.strip(), "withdrawn": count},
    )  # fmt: skip
    return held


def close_keys(institution: Institution, moment: datetime) -> None:
    """End every token, session and open invitation of an institution."""
    Token.objects.filter(institution=institution, revoked_at__isnull=True).update(revoked_at=moment)
    Invitation.objects.filter(institution=institution, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=moment
    )
    end_all_sessions(Member.objects.filter(institution=institution))


def _take_back(institution: Institution, moment: datetime) -> int:
    """Withdraw whatever still stands; how many statements."""
    said = Contribution.unscoped.filter(institution=institution, withdrawn_at__isnull=True)
    met = Sighting.unscoped.filter(institution=institution, withdrawn_at__isnull=True)
    told: dict[int, set[str]] = defaultdict(set)
    for rows in (said, met):
        for row in _addressed(rows):
            told[row.indicator_id] |= audiences_of(row)
    count = said.update(withdrawn_at=moment)
    met.update(withdrawn_at=moment)
    announce(told)
    return count


def _addressed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of each row no more than its audiences follow from."""
    return rows.only("indicator_id", "tlp", "audience", "institution_id", "recipients", "circle_id")
