"""Erasing an institution: asked for in a moment, done chunk by chunk, however large it is (ADR 0046).

From the moment on it is out everywhere. The worker then takes what there is, step after step; it may be killed at any
time, since what is left tells where to go on. What stays is a row without a name, the acts in the record, and the
erasure itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from iocmarket.accounts.circles import remove_from_circle
from iocmarket.accounts.models import Circle, Institution
from iocmarket.accounts.people import keep_an_administrator
from iocmarket.audit.services import PLATFORM, Actor, record
from iocmarket.indicators.departing import close_keys
from iocmarket.indicators.locks import hold_institution
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.turns import BREATH, TURN_SECONDS, take_turn
from iocmarket.locks import session_lock
from iocmarket.privacy.erasing import REASON_MAX
from iocmarket.privacy.institution_steps import steps
from iocmarket.privacy.models import Erasure

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LOOKED_AFTER = timedelta(hours=1)
"""For so long it is looked for what was on its way when the institution was erased: a part of a submission."""
LOCK_SPACE = 0x10C4 << 32

afterwards: list[Callable[[], None]] = []
"""What apps above do once an institution is erased: forget the files that they made of what was read."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How much there is of one kind of thing."""

    what: StrOrPromise
    count: int


def figures(institution: Institution) -> list[Figure]:
    """How much would go. Changes nothing."""
    return [Figure(step.what, step.count(institution)) for step in steps()]


def hint(pk: int) -> None:
    """Ask the worker to go on, once the transaction stands; the sweeper finds what no hint reached."""
    from iocmarket.privacy.tasks import erase  # noqa: PLC0415 (tasks import this module)

    transaction.on_commit(partial(erase.delay, pk))


@transaction.atomic
def erase_institution(institution: Institution, *, reason: str, actor: Actor) -> Erasure:
    """Put an institution out for good and have it erased, with those that merged into it. Asking twice is one act.

    Raises Refusal: `reason_required`, `not_a_member` (a partner is ended by its agreement), `last_administrator`.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        raise Refusal("reason_required", f"an erasure needs a reason of at most {REASON_MAX} characters")
    if institution.kind != Institution.Kind.MEMBER:
        raise Refusal("not_a_member", "only a member institution is erased")
    keep_an_administrator(institution)
    hold_institution(institution.pk)
    held = Institution.objects.select_for_update().get(pk=institution.pk)
    if asked := Erasure.objects.filter(institution=held).first():
        return asked
    record(
        "institution.erasure_asked", actor=actor, subject_type="institution", subject_id=held.public_id,
        details={"reason": reason},
    )  # fmt: skip
    return _begin(held, actor)


def _begin(held: Institution, actor: Actor) -> Erasure:
    moment = clock.now()
    for circle in Circle.objects.filter(institutions=held).order_by("pk"):
        remove_from_circle(circle, held, actor=actor)
    close_keys(held, moment)
    held.state, held.left_at = Institution.State.LEFT, held.left_at or moment
    held.save(update_fields=["state", "left_at"])
    made = Erasure.objects.create(institution=held, asked_at=moment)
    hint(made.pk)
    for merged in held.merged.filter(erasure__isnull=True).order_by("pk"):
        _begin(merged, actor)
    return made


def unfinished() -> list[int]:
    """The erasures (by key) that go on, and those that ended a moment ago, oldest first."""
    recently = Q(finished_at__isnull=True) | Q(finished_at__gt=clock.now() - LOOKED_AFTER)
    return list(Erasure.objects.filter(recently).order_by("pk").values_list("pk", flat=True))


def work_on(pk: int, *, seconds: float = TURN_SECONDS) -> bool:
    """Go on with one erasure for a turn. Whether there is more to do; not for us, when another worker has it."""
    with session_lock(LOCK_SPACE + pk, wait=False) as mine:
        return mine and take_turn(partial(take_chunk, pk), seconds=seconds, rest=BREATH)


def take_chunk(pk: int) -> bool:
    """Erase one chunk, and count it in the same transaction; whether there may be another. The last one ends it."""
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update(of=("self",)).select_related("institution").get(pk=pk)
        for step in steps():
            if count := step.erase(erasure.institution):
                erasure.counts[step.name] = erasure.counts.get(step.name, 0) + count
                erasure.finished_at = None  # something came after all: it ends anew
                erasure.save(update_fields=["counts", "finished_at"])
                return True
        if erasure.finished_at is None:
            _finish(erasure)
            for act in afterwards:
                act()
    return False


def _finish(erasure: Erasure) -> None:
    who = erasure.institution
    who.name, who.contact_email, who.agreement = f"#{who.public_id.hex[:12]}", "", ""
    who.save(update_fields=["name", "contact_email", "agreement"])
    erasure.finished_at = clock.now()
    erasure.save(update_fields=["finished_at"])
    record(
        "institution.erased", actor=PLATFORM, subject_type="institution", subject_id=who.public_id,
        details={"counts": erasure.counts},
    )  # fmt: skip
