"""Vouching: members of approved institutions give their word for somebody who wants to bring in a new one.

One word for each institution, never for oneself or the own one; it counts as long as its institution and its author
are in good standing, so it is counted when it is needed and never stored as a number.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q, QuerySet

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting import mails
from iocmarket.vetting.models import Application, Vouch
from iocmarket.vetting.rules import current_rules

NEW = (Institution.State.APPLIED, Institution.State.VOUCHED)


def may_vouch(member: Member) -> bool:
    """Contributors and managers of an approved institution that is not reduced to reading."""
    institution = member.institution
    return (
        member.is_approved
        and institution is not None
        and not institution.is_read_only
        and institution.kind == Institution.Kind.MEMBER
        and member.role in {Role.CONTRIBUTOR, Role.MANAGER}
    )


def open_to(member: Member) -> QuerySet[Application]:
    """The applications for which this member may give a word, oldest first; none for who may not vouch.

    Who joins a member institution is its manager's affair, so that nobody vouches for a colleague.
    """
    if not may_vouch(member):
        return Application.objects.none()
    return (
        Application.objects.filter(
            member__state=Member.State.APPLICANT,
            member__is_active=True,
            member__institution__state__in=NEW,
            verified_at__isnull=False,
        )
        .exclude(member=member)
        .select_related("member__institution")
        .order_by("verified_at", "pk")
    )


def counting() -> QuerySet[Vouch]:
    """The vouches that count now."""
    return Vouch.objects.filter(
        ~Q(institution=F("application__member__institution")),
        withdrawn_at__isnull=True,
        institution__state=Institution.State.APPROVED,
        member__state=Member.State.APPROVED,
        member__is_active=True,
        member__institution=F("institution"),
    )


def missing_for(application: Application | None) -> int:
    """How many vouches are still needed."""
    given = counting().filter(application=application).count() if application is not None else 0
    return max(0, current_rules().vouches_needed - given)


@transaction.atomic
def vouch(application: Application, *, words: str, by: Member) -> Vouch:
    """Give the word of the own institution. Raises Refusal: `not_open_to_you`, `words_required`, `vouched_already`.

    A word whose author left or was suspended does not count any more: it makes room for a colleague's.
    """
    held, institution = _hold(application, by)
    if not words.strip():
        raise Refusal("words_required", "say how you know this person: those who decide will read it")
    own = Vouch.objects.filter(application=held, institution=institution, withdrawn_at__isnull=True)
    if own.filter(pk__in=counting()).exists():
        raise Refusal("vouched_already", "your institution has vouched for this application already")
    own.update(withdrawn_at=clock.now())
    made = Vouch.objects.create(application=held, institution=institution, member=by, words=words.strip())
    _record("member.vouched_for", held, by)
    _settle(held)
    return made


@transaction.atomic
def withdraw_vouch(application: Application, *, by: Member) -> None:
    """Take the own institution's word back: its author or a manager. Raises Refusal: `not_open_to_you`, `no_vouch`."""
    held, institution = _hold(application, by)
    own = Vouch.objects.filter(application=held, institution=institution, withdrawn_at__isnull=True)
    if by.role != Role.MANAGER:
        own = own.filter(member=by)
    if not own.update(withdrawn_at=clock.now()):
        raise Refusal("no_vouch", "there is no vouch that you could withdraw")
    _record("member.vouch_withdrawn", held, by)
    _settle(held)


def _hold(application: Application, by: Member) -> tuple[Application, Institution]:
    """The application, which must be open to this member, for one change to its vouches; and whose word it is."""
    institution = by.institution
    if institution is None or not open_to(by).filter(pk=application.pk).exists():
        raise Refusal("not_open_to_you", "you cannot vouch for this application")
    held = Application.objects.select_for_update(of=("self",)).select_related("member__institution")
    return held.get(pk=application.pk), institution


def _settle(application: Application) -> None:
    """The institution is `vouched` while one of its applications has the vouches that are needed."""
    enough = missing_for(application) == 0
    after = Institution.State.VOUCHED if enough else Institution.State.APPLIED
    institution = Institution.objects.filter(members=application.member, state__in=NEW)
    changed = institution.exclude(state=after).update(state=after)
    if changed and enough:
        mails.tell_deciders("application_vouched", application.member)


def _record(action: str, application: Application, by: Member) -> None:
    record(
        action, actor=Actor(member_id=by.pk, institution_id=by.institution_id), subject_type="member",
        subject_id=application.member.public_id, details={},
    )  # fmt: skip
