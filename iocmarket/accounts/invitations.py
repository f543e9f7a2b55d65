"""Invitations: a link by mail by which a manager lets a colleague in. It works once, for seven days.

The link proves the mailbox, so the address counts as confirmed. Whether an address belongs to a member already is told
to that mailbox and to nobody else: the manager sees the same either way.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from iocmarket.accounts.addresses import mark_verified
from iocmarket.accounts.hands import Hand, actor_behind
from iocmarket.accounts.member_letters import write_to
from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.people import may_manage, people_of, retire, roles_given_by
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.web.mails import send_mail_later

VALID = timedelta(days=7)
IN = (Member.State.APPROVED, Member.State.SUSPENDED)


def open_invitations(institution: Institution) -> QuerySet[Invitation]:
    """Those that nobody has accepted or taken back, also those that have run out; the newest first."""
    found = Invitation.objects.filter(institution=institution, accepted_at__isnull=True, revoked_at__isnull=True)
    return found.select_related("made_by").order_by("-created_at", "-pk")


@transaction.atomic
def invite(institution: Institution, *, email: str, role: Role, by: Hand, language: str = "") -> Invitation:
    """Send somebody a link. An open invitation to the same address gives way to this one.

    Raises Refusal: `not_yours`, `institution_not_open`, `role_too_high`, `already_colleague`.
    """
    email = email.strip().lower()
    _check(institution, role, by)
    if people_of(institution).filter(email=email).exists():
        raise Refusal("already_colleague", f"{email} is in {institution.name} already", where="/email")
    moment = clock.now()
    open_invitations(institution).filter(email=email).update(revoked_at=moment)
    secret = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        digest=_digest(secret), email=email, institution=institution, role=role, created_at=moment,
        made_by=by if isinstance(by, Member) else None, expires_at=moment + VALID,
    )  # fmt: skip
    _record("invitation.sent", made, by, {"role": role.value})
    _send(made, secret, by, language)
    return made


@transaction.atomic
def resend(invitation: Invitation, *, by: Hand, language: str = "") -> Invitation:
    """Send the letter again, with a new link and seven new days; the old link opens nothing any more.

    Raises Refusal: those of `invite`, `invitation_over`.
    """
    held = _held(invitation)
    _check(held.institution, Role(held.role), by)
    secret = secrets.token_urlsafe(32)
    held.digest, held.expires_at = _digest(secret), clock.now() + VALID
    held.made_by = by if isinstance(by, Member) else None
    held.save(update_fields=["digest", "expires_at", "made_by"])
    _record("invitation.sent_again", held, by, {})
    _send(held, secret, by, language)
    return held


@transaction.atomic
def revoke(invitation: Invitation, *, by: Hand) -> None:
    """Take an invitation back: its link opens nothing any more. Raises Refusal: `not_yours`, `invitation_over`."""
    held = _held(invitation)
    if not may_manage(by, held.institution):
        raise Refusal("not_yours", "only a manager of the institution takes an invitation back")
    held.revoked_at = clock.now()
    held.save(update_fields=["revoked_at"])
    _record("invitation.revoked", held, by, {})


def invitation_behind(secret: str) -> Invitation | None:
    """The invitation that this link opens now, or None: why not is nobody's business."""
    found = Invitation.objects.select_related("institution", "made_by").filter(digest=_digest(secret)).first()
    return found if found is not None and _opens(found) else None


@transaction.atomic
def accept(secret: str, *, name: str, password: str, language: str = "") -> Member:
    """Let the person in whose mailbox the link was sent to. Who was out before comes back as somebody new.

    The password has passed the rules for passwords. Raises Refusal: `invitation_over`, `member_exists`.
    """
    named = Invitation.objects.filter(digest=_digest(secret)).values_list("institution", flat=True).first()
    # The institution first, as everybody who holds both does (departing.py, merging.py).
    Institution.objects.select_for_update().filter(pk=named or 0).first()
    invited = Invitation.objects.select_for_update(of=("self",)).select_related("institution")
    held = invited.filter(digest=_digest(secret)).first()
    if held is None or not _opens(held):
        raise Refusal("invitation_over", "this link opens nothing: it was used, taken back, or is too old")
    before = Member.objects.select_for_update().filter(email=held.email).first()
    if before is not None and before.state in IN:
        raise Refusal("member_exists", "this address belongs to a member already")
    if before is not None:
        retire(before)
    member = Member.objects.create_user(
        held.email, password, name=" ".join(name.split()), institution=held.institution, role=held.role,
        state=Member.State.APPROVED, language=language,
    )  # fmt: skip
    mark_verified(member)
    held.accepted_at, held.member = clock.now(), member
    held.save(update_fields=["accepted_at", "member"])
    actor = Actor(member_id=member.pk, institution_id=member.institution_id)
    record(
        "invitation.accepted", actor=actor, subject_type="member", subject_id=member.public_id,
        details={"role": held.role},
    )  # fmt: skip
    return member


def _opens(invitation: Invitation) -> bool:
    waiting = invitation.accepted_at is None and invitation.revoked_at is None
    return waiting and clock.now() < invitation.expires_at and _takes_people(invitation.institution)


def _takes_people(institution: Institution) -> bool:
    """A partner reads by machine, under an agreement: it has no people here."""
    return institution.is_approved and institution.kind == Institution.Kind.MEMBER


def _check(institution: Institution, role: Role, by: Hand) -> None:
    if not may_manage(by, institution):
        raise Refusal("not_yours", "a manager invites into the own institution")
    if not _takes_people(institution):
        raise Refusal("institution_not_open", f"{institution.name} is {institution.get_state_display()}")
    if role not in roles_given_by(by):
        raise Refusal("role_too_high", "nobody gives a role above the own", where="/role")


def _held(invitation: Invitation) -> Invitation:
    held = Invitation.objects.select_for_update(of=("self",)).select_related("institution").get(pk=invitation.pk)
    if held.accepted_at is not None or held.revoked_at is not None:
        raise Refusal("invitation_over", "this invitation was accepted or taken back")
    return held


def _send(invitation: Invitation, secret: str, by: Hand, language: str) -> None:
    """The link; or, to somebody who is a member already, a letter without one that says so."""
    told = {"institution": invitation.institution.name, "by": str(by), "until": invitation.expires_at}
    if (known := Member.objects.filter(email=invitation.email, state__in=IN).first()) is not None:
        write_to(known, "invited_member", told)
        return
    # In the query: it is what access logs leave out.
    link = f"{settings.PUBLIC_URL}{reverse('invitation')}?{urlencode({'key': secret})}"
    send_mail_later("invitation", invitation.email, {**told, "link": link}, language)


def _digest(secret: str) -> bytes:
    """What the database keeps. A plain SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _record(action: str, invitation: Invitation, by: Hand, details: dict[str, object]) -> None:
    record(action, actor=actor_behind(by), subject_type="invitation", subject_id=invitation.public_id, details=details)
