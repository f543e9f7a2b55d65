"""What people do to their own log-in, in the record: passwords, second factors, sessions. Never a secret."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import email_confirmed, password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.db import transaction

from iocmarket.accounts.models import Member
from iocmarket.audit.services import Actor, record


@transaction.atomic
def note(action: str, member: Member, **details: object) -> None:
    """One event of the member about the member."""
    actor = Actor(member_id=member.pk, institution_id=member.institution_id)
    record(action, actor=actor, subject_type="member", subject_id=member.public_id, details=details)


def _password(sender: object, user: Member, **_: Any) -> None:
    del sender
    note("member.password_changed", user)


def _confirmed(sender: object, email_address: Any, **_: Any) -> None:
    del sender
    note("member.address_confirmed", email_address.user)


def _added(sender: object, user: Member, authenticator: Any, **_: Any) -> None:
    del sender
    note("member.factor_added", user, kind=authenticator.type)


def _removed(sender: object, user: Member, authenticator: Any, **_: Any) -> None:
    del sender
    note("member.factor_removed", user, kind=authenticator.type)


def _reset(sender: object, user: Member, authenticator: Any, **_: Any) -> None:
    del sender
    note("member.factor_renewed", user, kind=authenticator.type)


def register() -> None:
    """Called once, when the app is ready."""
    for signal in (password_changed, password_set, password_reset):
        signal.connect(_password, dispatch_uid="note_password")
    email_confirmed.connect(_confirmed, dispatch_uid="note_confirmed")
    authenticator_added.connect(_added, dispatch_uid="note_added")
    authenticator_removed.connect(_removed, dispatch_uid="note_removed")
    authenticator_reset.connect(_reset, dispatch_uid="note_reset")
