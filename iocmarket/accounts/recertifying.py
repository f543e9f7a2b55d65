"""Each institution confirms from time to time that its contacts and assets are right (once a year, unless set).

Its managers are asked by mail 30 days, 7 days and 1 day before. Not confirmed in time, the institution may only read;
not confirmed for a further period, it is suspended. The clock of that period starts when it is really made read-only,
so a worker that slept takes no day away from anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from iocmarket.accounts.hands import Hand, actor_behind
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

REMINDERS = (1, 7, 30)
"""Days before the confirmation is due at which the managers are asked for it."""
REASON = "contacts and assets were not confirmed in time"


def due_at(institution: Institution) -> datetime | None:
    """When the institution has to confirm again; None where the community asks nobody to."""
    if not settings.CONFIRMATION_DAYS or institution.kind != Institution.Kind.MEMBER:
        return None
    moments = [institution.confirmed_at, institution.approved_at, institution.created_at]
    return max(moment for moment in moments if moment) + timedelta(days=settings.CONFIRMATION_DAYS)


def suspended_at(institution: Institution) -> datetime | None:
    """When an institution that may only read will be suspended; None while it may write."""
    if institution.read_only_since is None:
        return None
    return institution.read_only_since + timedelta(days=settings.CONFIRMATION_GRACE_DAYS)


def days_left(institution: Institution) -> int | None:
    """Whole days until the confirmation is due, begun ones counted; None where none is asked for."""
    due = due_at(institution)
    return None if due is None else -((clock.now() - due) // timedelta(days=1))


def is_asked(institution: Institution) -> bool:
    """Whether its managers are asked to confirm now."""
    left = days_left(institution)
    return left is not None and left <= max(REMINDERS)


@transaction.atomic
def confirm(institution: Institution, *, contact_email: str, by: Hand) -> Institution:
    """A manager says that contacts and assets are right; an institution that could only read writes again.

    Raises Refusal: `not_yours`, `not_approved`.
    """
    if by.institution_id != institution.pk or not by.may(Capability.CONFIRM):
        raise Refusal("not_yours", "a manager confirms the own institution")
    held = Institution.objects.select_for_update().get(pk=institution.pk)
    if not held.is_approved:
        raise Refusal("not_approved", f"{held.name} is {held.get_state_display()}")
    late, changed = held.is_read_only, held.contact_email != contact_email
    held.contact_email, held.confirmed_at = contact_email, clock.now()
    held.read_only_since = held.reminded_days = None
    held.save(update_fields=["contact_email", "confirmed_at", "read_only_since", "reminded_days"])
    record(
        "institution.confirmed", actor=actor_behind(by), subject_type="institution", subject_id=held.public_id,
        details={"late": late, "contact_changed": changed},
    )  # fmt: skip
    return held


def sweep() -> int:
    """Ask, make read-only and suspend what is due; how many institutions were met. Again at once, it does nothing."""
    if not settings.CONFIRMATION_DAYS:
        return 0
    members = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER)
    return sum(_look_at(pk) for pk in members.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _look_at(pk: int) -> bool:
    """One institution in a transaction of its own; whether something was done."""
    held = Institution.objects.select_for_update().get(pk=pk)
    if not held.is_approved:
        return False
    moment, due, end = clock.now(), due_at(held), suspended_at(held)
    if end is not None:
        if moment < end:
            return False
        return _suspend(held)
    if due is not None and moment >= due:
        _make_read_only(held, moment)
        return True
    return _remind(held)


def _suspend(held: Institution) -> bool:
    """The institution of the only administrators stays read-only: somebody must be left to let it in again."""
    try:
        suspend_institution(held, reason=REASON, actor=PLATFORM)
    except Refusal:
        return False
    _tell(held, "confirmation_suspended")
    return True


def _make_read_only(held: Institution, moment: datetime) -> None:
    held.read_only_since = moment
    held.save(update_fields=["read_only_since"])
    record(
        "institution.read_only", actor=PLATFORM, subject_type="institution", subject_id=held.public_id,
        details={"reason": REASON},
    )  # fmt: skip
    _tell(held, "confirmation_late", until=suspended_at(held))


def _remind(held: Institution) -> bool:
    left = days_left(held)
    reached = next((days for days in REMINDERS if left is not None and left <= days), None)
    if reached is None or (held.reminded_days is not None and held.reminded_days <= reached):
        return False
    held.reminded_days = reached
    held.save(update_fields=["reminded_days"])
    _tell(held, "confirmation_due", until=due_at(held))
    return True


def _tell(held: Institution, template: str, **told: object) -> None:
    """To each manager, and to the contact address."""
    link = f"{settings.PUBLIC_URL}{reverse('confirmation')}"
    write_to_managers(held, template, {"link": link, **told}, with_contact=True)
