"""Asking for access: what the applicant tells, the confirmed address, the answers to questions.

Before the address is confirmed nothing is looked up and nothing is made but the application itself: a stranger learns
from no answer which institutions are members, and leaves no institution behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from iocmarket.accounts.models import Asset, Institution, Member
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting import mails
from iocmarket.vetting.charters import accept_charter, current_charter
from iocmarket.vetting.declared import domain_of
from iocmarket.vetting.models import Application, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the form held, in canonical forms. `charter` is the version that was accepted, None without a charter."""

    name: str
    institution: str
    why: str
    contact_email: str = ""
    domains: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    charter: int | None = None
    language: str = "fr"


@transaction.atomic
def apply(member: Member, told: Told, *, through: Mapping[str, object] | None = None) -> Application:
    """Keep what an applicant tells. Raises Refusal(`already_decided`) for anybody who is no applicant.

    Accepted is the version that was shown; when it was an earlier one, the person is asked at the first visit.
    `through`: what the journal says of the provider that brought the person.
    """
    if member.state != Member.State.APPLICANT:
        raise Refusal("already_decided", "this person is no applicant")
    member.name, member.why, member.language = told.name, told.why, told.language
    member.save(update_fields=["name", "why", "language"])
    application = Application.objects.create(
        member=member,
        institution_name=" ".join(told.institution.split()),
        domains=told.domains,
        networks=told.networks,
        contact_email=told.contact_email,
    )
    holds = current_charter()
    if holds is not None and told.charter == holds.version:
        accept_charter(member, version=holds.version)
    record(
        "member.applied", actor=Actor(member_id=member.pk), subject_type="member", subject_id=member.public_id,
        details={"charter": told.charter, **(through or {})},
    )  # fmt: skip
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        address_confirmed(member)
    return application


@transaction.atomic
def address_confirmed(member: Member) -> None:
    """The applicant reads the mail of that address: from now on those who decide and vouch see the application."""
    application = Application.objects.select_for_update().filter(member=member, verified_at__isnull=True).first()
    if application is None or member.state != Member.State.APPLICANT:
        return
    application.verified_at = clock.now()
    application.save(update_fields=["verified_at"])
    member.institution = _institution_for(application.institution_name, member.email)
    member.save(update_fields=["institution"])
    record(
        "member.application_opened", actor=Actor(member_id=member.pk, institution_id=member.institution.pk),
        subject_type="member", subject_id=member.public_id, details={},
    )  # fmt: skip
    mails.tell_deciders("application_arrived", member)


def _institution_for(name: str, email: str) -> Institution:
    """The one of that name, else the member that owns the address's domain, else a new one that has applied."""
    found = Institution.objects.filter(name__iexact=name).first() or owner_of(domain_of(email))
    if found is not None:
        return found
    made, _new = Institution.objects.get_or_create(name__iexact=name, defaults={"name": name})
    return made


def owner_of(domain: str) -> Institution | None:
    """The approved institution of which this name, or a name above it, is a verified asset."""
    labels = domain.split(".")
    names = [".".join(labels[index:]) for index in range(len(labels) - 1)]
    asset = (
        Asset.objects.filter(
            kind__in=(Asset.Kind.DOMAIN, Asset.Kind.MAIL_DOMAIN),
            value__in=names,
            verified_at__isnull=False,
            institution__state=Institution.State.APPROVED,
            institution__kind=Institution.Kind.MEMBER,
        )
        .select_related("institution")
        .first()
    )
    return asset.institution if asset else None


@transaction.atomic
def answer_question(question: Question, *, text: str, member: Member) -> None:
    """The applicant answers. Raises Refusal: `not_yours`, `already_answered`, `answer_required`."""
    held = Question.objects.select_for_update(of=("self",)).select_related("application").get(pk=question.pk)
    if held.application.member_id != member.pk or member.state != Member.State.APPLICANT:
        raise Refusal("not_yours", "the question was put to somebody else")
    if held.answered_at is not None:
        raise Refusal("already_answered", "this question has been answered already")
    if not text.strip():
        raise Refusal("answer_required", "an answer has words")
    held.answer, held.answered_at = text.strip(), clock.now()
    held.save(update_fields=["answer", "answered_at"])
    record(
        "member.answered", actor=Actor(member_id=member.pk), subject_type="member", subject_id=member.public_id,
        details={},
    )  # fmt: skip
    mails.tell_deciders("application_answered", member)
