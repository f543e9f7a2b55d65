"""Opening cases, and letting guests in and out: the only writer of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from ingestion.evidence.custody import note
from ingestion.evidence.models import Case, Guest
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import SESSION_SCOPES, Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

if TYPE_CHECKING:
    from uuid import UUID

TITLE_MAX = 200
GUESTS_MAX = 50


@transaction.atomic
def open_case(*, title: str, tlp: TLP = TLP.AMBER_STRICT, viewer: Viewer) -> Case:
    """A new case of the viewer's institution. Raises Refusal: `bad_case_title`, `bad_case_marking`."""
    title = " ".join(title.split())
    if not title or len(title) > TITLE_MAX or not title.isprintable():
        raise Refusal("bad_case_title", f"a title of 1 to {TITLE_MAX} characters", where="/title")
    if tlp > min(viewer.ceiling.tlp, TLP.AMBER_STRICT):
        raise Refusal("bad_case_marking", "a case is not marked above TLP:AMBER+STRICT or its maker", where="/tlp")
    made = Case.objects.create(
        institution_id=viewer.institution_id, member_id=viewer.member_id, title=title, tlp=int(tlp)
    )
    _record("evidence.case_opened", made, viewer)
    return made


@transaction.atomic
def invite(case: Case, address: str, *, viewer: Viewer) -> Guest:
    """Let a person of another institution read the case. Twice is once.

    Raises Refusal: `cannot_be_guest` (one answer for whoever is unknown, not let in, a reader, or of the own
    institution), `too_many_guests`.
    """
    member = Member.objects.select_related("institution").filter(email__iexact=address.strip()).first()
    if member is None or not member.is_approved or member.institution_id == case.institution_id:
        raise _no_guest()
    if Scope.EVIDENCE_READ not in SESSION_SCOPES[member.role]:
        raise _no_guest()
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if (known := case.guests.filter(member=member).first()) is not None:
        return known
    if case.guests.count() >= GUESTS_MAX:
        raise Refusal("too_many_guests", f"a case has at most {GUESTS_MAX} guests")
    made = Guest.objects.create(case=case, member=member)
    note("invited", case, actor=Actor.of(viewer), guest=member.pk)
    _record("evidence.guest_invited", case, viewer, guest=str(made.public_id))
    return made


@transaction.atomic
def part(guest: Guest, *, viewer: Viewer) -> None:
    """Take a guest out: from the next request on the case does not exist for that person."""
    note("parted", guest.case, actor=Actor.of(viewer), guest=guest.member_id)
    _record("evidence.guest_parted", guest.case, viewer, guest=str(guest.public_id))
    guest.delete()


def case_read(public_id: UUID, viewer: Viewer) -> Case | None:
    """One case that the viewer sees, and the record of it being read."""
    with transaction.atomic():
        found = Case.objects.visible_to(viewer).select_related("institution").filter(public_id=public_id).first()
        if found is not None:
            _record("evidence.case_read", found, viewer)
    return found


def cases_read(viewer: Viewer, most: int) -> list[Case]:
    """The newest cases that the viewer sees, and the record of them being read."""
    with transaction.atomic():
        found = Case.objects.visible_to(viewer).select_related("institution").order_by("-pk")[:most]
        record(
            "evidence.cases_listed", actor=Actor.of(viewer), subject_type="case", details={"count": len(found)}
        )  # fmt: skip
        return list(found)


def _no_guest() -> Refusal:
    return Refusal("cannot_be_guest", "a guest is a contributor or manager of another member institution")


def _record(action: str, case: Case, viewer: Viewer, **details: Any) -> None:
    record(action, actor=Actor.of(viewer), subject_type="case", subject_id=case.public_id, details=details)
