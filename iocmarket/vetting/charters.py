"""The charter: versions that never change, and who accepted which.

A person accepts each version at the next visit. An institution is bound by the acceptance of one of its managers; until
then its tokens go on working for a time (`Rules.charter_grace_days`), kept as one moment on the institution
(`charter_due_at`), so that no request of a machine has to ask anything more than it asks anyway.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.models import Acceptance, Charter
from iocmarket.vetting.rules import current_rules


def current_charter() -> Charter | None:
    """The newest version, or None before the first was published: then nothing has to be accepted."""
    return Charter.objects.first()


def owed_by(member: Member) -> Charter | None:
    """The version that this member has to accept before going on, in one statement."""
    accepted = Acceptance.objects.filter(member=member, charter=OuterRef("pk"))
    charter = Charter.objects.annotate(accepted=Exists(accepted)).first()
    if charter is None or (charter.accepted and not _speaks_for_a_debtor(member)):
        return None
    return charter


def _speaks_for_a_debtor(member: Member) -> bool:
    """A manager whose institution is not bound yet, by him or anybody: he accepted before he was its manager."""
    return member.role == Role.MANAGER and member.institution is not None and bool(member.institution.charter_due_at)


@transaction.atomic
def publish_charter(*, text_fr: str, text_en: str, by: Member) -> Charter:
    """A new version, which everybody has to accept; publishing it is the publisher's own acceptance.

    Raises Refusal: `charter_text` without a text in either language, `charter_same` for the text that holds already.
    """
    text_fr, text_en = _text(text_fr), _text(text_en)
    if not text_fr or not text_en:
        raise Refusal("charter_text", "the charter needs a text in French and in English")
    newest = Charter.objects.select_for_update().first()
    if newest is not None and (newest.text_fr, newest.text_en) == (text_fr, text_en):
        raise Refusal("charter_same", "this is the text of the version that holds already")
    moment = clock.now()
    version = newest.version + 1 if newest else 1
    charter = Charter.objects.create(
        version=version, text_fr=text_fr, text_en=text_en, published_at=moment, published_by=by
    )
    due = moment + timedelta(days=current_rules().charter_grace_days)
    Institution.objects.filter(
        state__in=(Institution.State.APPROVED, Institution.State.SUSPENDED),
        kind=Institution.Kind.MEMBER,
        charter_due_at__isnull=True,
    ).update(charter_due_at=due)
    record(
        "charter.published", actor=Actor(member_id=by.pk, institution_id=by.institution_id), subject_type="charter",
        details={"version": version, "tokens_until": due.isoformat()},
    )  # fmt: skip
    accept_charter(by, version=version)
    return charter


@transaction.atomic
def accept_charter(member: Member, *, version: int) -> None:
    """Keep that a person accepts the version that was shown; a manager's acceptance binds the institution.

    Raises Refusal(`charter_changed`) when another version holds by now.
    """
    charter = current_charter()
    if charter is None or charter.version != version:
        raise Refusal("charter_changed", "a newer version of the charter was published meanwhile")
    _acceptance, new = Acceptance.objects.get_or_create(member=member, charter=charter)
    speaks = member.is_approved and member.role == Role.MANAGER
    if speaks:
        Institution.objects.filter(members=member).update(charter_due_at=None)
    if new or speaks:
        record(
            "charter.accepted", actor=Actor(member_id=member.pk, institution_id=member.institution_id),
            subject_type="member", subject_id=member.public_id, details={"version": version, "institution": speaks},
        )  # fmt: skip


def bound(institution: Institution, manager: Member) -> None:
    """Of an institution that comes in: bound by its first manager, or its tokens have the time that all have.

    The caller saves `charter_due_at`, in the transaction of its own act.
    """
    charter = current_charter()
    owes = charter is not None and not Acceptance.objects.filter(member=manager, charter=charter).exists()
    grace = timedelta(days=current_rules().charter_grace_days)
    institution.charter_due_at = clock.now() + grace if owes else None


def _text(typed: str) -> str:
    return "\n".join(line.rstrip() for line in typed.replace("\r\n", "\n").strip().split("\n"))
