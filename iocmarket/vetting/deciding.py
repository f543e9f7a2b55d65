"""The decision: administrators about everybody, managers about the people of their own institution.

Approving the first person approves the institution: it gets its assets and its first manager.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from iocmarket.accounts.assets import bring_in
from iocmarket.accounts.models import Asset, Institution, Member
from iocmarket.accounts.roles import Capability, Role
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting import mails
from iocmarket.vetting.charters import bound
from iocmarket.vetting.declared import domain_of, lies_under
from iocmarket.vetting.managed import with_managers
from iocmarket.vetting.models import Application, Question
from iocmarket.vetting.vouching import missing_for


def may_decide(member: Member) -> bool:
    """Whether there is a queue for this member at all."""
    return member.may(Capability.APPLICATIONS_DECIDE) or member.may(Capability.MEMBERS_MANAGE)


def waiting_for(decider: Member) -> QuerySet[Member]:
    """Who waits for this member's answer, oldest first: a manager's own colleagues; for an administrator, whoever
    brings an institution or comes to one without managers. The others wait elsewhere, but may be answered too.

    Who has not confirmed the address is not there yet. Persons who came through another door (single sign-on) have no
    application: the provider vouches for their address.
    """
    found = in_reach_of(decider).filter(state=Member.State.APPLICANT, is_active=True)
    if decider.may(Capability.APPLICATIONS_DECIDE):
        elsewhere = with_managers()
        if decider.institution is not None and decider.may(Capability.MEMBERS_MANAGE):
            elsewhere = elsewhere.exclude(pk=decider.institution.pk)
        found = found.exclude(institution__in=elsewhere.values("pk"))
    return found.select_related("institution", "application").order_by("date_joined", "pk")


def in_reach_of(decider: Member) -> QuerySet[Member]:
    """Whose application, answered or not, this member may see."""
    if not may_decide(decider):
        return Member.objects.none()
    found = Member.objects.filter(Q(application__isnull=True) | Q(application__verified_at__isnull=False))
    return found if decider.may(Capability.APPLICATIONS_DECIDE) else found.filter(institution=decider.institution)


@transaction.atomic
def approve(
    applicant: Member,
    *,
    by: Member,
    role: Role = Role.CONTRIBUTOR,
    reason: str = "",
    assets_verified: bool = False,
    without_vouches: bool = False,
) -> Member:
    """Let an applicant in. The first person of a new institution becomes its manager, whatever the role given.

    Raises Refusal: `not_open_to_you`, `already_decided`, `institution_required`, `institution_not_open`,
    `vouches_missing`, `reason_required` when it is done without the vouches.
    """
    member = _hold(applicant, by)
    application = application_of(member)
    institution = _held_institution(member)
    first = not institution.is_approved
    if first:
        _vouched(application, without_vouches=without_vouches, reason=reason)
    member.state, member.role = Member.State.APPROVED, Role.MANAGER if first else role
    member.decided_reason = ""
    member.save(update_fields=["state", "role", "decided_reason"])
    member.institution = institution
    if first:
        _let_in(institution, application, member, verified=assets_verified)
    details: dict[str, object] = {"role": member.role}
    if first and without_vouches:
        details |= {"without_vouches": True, "reason": reason.strip()}
    _answered(member, by, "member.approved", details)
    mails.tell_applicant("application_approved", member)
    return member


@transaction.atomic
def refuse(applicant: Member, *, by: Member, reason: str) -> Member:
    """Refuse, with the reason that the applicant reads. Raises Refusal: `not_open_to_you`, `already_decided`,
    `reason_required`.
    """
    member = _hold(applicant, by)
    if not reason.strip():
        raise Refusal("reason_required", "a refusal needs a reason: the applicant will read it")
    member.state, member.decided_reason = Member.State.REFUSED, reason.strip()
    member.save(update_fields=["state", "decided_reason"])
    _answered(member, by, "member.refused", {})
    mails.tell_applicant("application_refused", member, reason=member.decided_reason)
    return member


@transaction.atomic
def ask(applicant: Member, *, by: Member, question: str) -> Question:
    """Put a question, which the applicant answers on the waiting page. Raises Refusal: `not_open_to_you`,
    `already_decided`, `question_required`, `no_application`.
    """
    member = _hold(applicant, by)
    if not question.strip():
        raise Refusal("question_required", "a question has words")
    application = application_of(member)
    if application is None:
        raise Refusal("no_application", "this person came through single sign-on and has no page to answer on")
    made = Question.objects.create(application=application, asked_by=by, question=question.strip())
    _record("member.asked", member, by, {})
    mails.tell_applicant("application_question", member, question=made.question)
    return made


def application_of(member: Member) -> Application | None:
    """What the person told, None for who came through single sign-on."""
    return Application.objects.filter(member=member).first()


def _hold(applicant: Member, by: Member) -> Member:
    """The applicant, locked. Who may not decide learns nothing, not even that it was decided already."""
    member = Member.objects.select_for_update(of=("self",)).select_related("institution").get(pk=applicant.pk)
    own = by.institution_id is not None and member.institution_id == by.institution_id
    if not may_decide(by) or not (by.may(Capability.APPLICATIONS_DECIDE) or own):
        raise Refusal("not_open_to_you", "this application is not yours to answer")
    if member.state != Member.State.APPLICANT:
        raise Refusal("already_decided", "this application has been answered already")
    application = application_of(member)
    if application is not None and application.verified_at is None:
        raise Refusal("not_open_to_you", "the applicant has not confirmed the address")
    return member


def _held_institution(member: Member) -> Institution:
    if member.institution_id is None:
        raise Refusal("institution_required", "the applicant names no institution")
    institution = Institution.objects.select_for_update().get(pk=member.institution_id)
    closed = institution.state in {Institution.State.SUSPENDED, Institution.State.LEFT}
    if closed or institution.kind != Institution.Kind.MEMBER:
        raise Refusal("institution_not_open", f"{institution.name} takes nobody in")
    return institution


def _vouched(application: Application | None, *, without_vouches: bool, reason: str) -> None:
    if not (missing := missing_for(application)):
        return
    if not without_vouches:
        raise Refusal("vouches_missing", f"{missing} more institutions have to vouch")
    if not reason.strip():
        raise Refusal("reason_required", "approving without the vouches needs a reason: it is kept")


def _let_in(institution: Institution, application: Application | None, manager: Member, *, verified: bool) -> None:
    moment = clock.now()
    institution.state = Institution.State.APPROVED
    institution.approved_at = institution.confirmed_at = moment
    if application is not None:
        institution.contact_email = application.contact_email or manager.email
        _declare(institution, application, manager, verified=verified)
    bound(institution, manager)
    institution.save(update_fields=["state", "approved_at", "confirmed_at", "contact_email", "charter_due_at"])
    record(
        "institution.let_in", actor=Actor(institution_id=institution.pk), subject_type="institution",
        subject_id=institution.public_id, details={"assets_verified": verified},
    )  # fmt: skip


def _declare(institution: Institution, application: Application, manager: Member, *, verified: bool) -> None:
    """The assets of the application. What another institution has verified stays unverified here, whoever ticks."""
    named: list[tuple[str, str]] = [(Asset.Kind.DOMAIN, domain) for domain in application.domains]
    named += [(Asset.Kind.NETWORK, network) for network in application.networks]
    own = domain_of(manager.email)
    if lies_under(own, application.domains):
        named.append((Asset.Kind.MAIL_DOMAIN, own))
    bring_in(institution, named, verified=verified)


def _answered(member: Member, by: Member, action: str, details: dict[str, object]) -> None:
    Application.objects.filter(member=member).update(decided_at=clock.now(), decided_by=by)
    _record(action, member, by, details)


def _record(action: str, member: Member, by: Member, details: dict[str, object]) -> None:
    record(
        action, actor=Actor(member_id=by.pk, institution_id=by.institution_id), subject_type="member",
        subject_id=member.public_id, details=details,
    )  # fmt: skip
