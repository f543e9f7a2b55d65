"""The places where a person is logged in, and ending them: each, all others, or all of a person who was removed."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from iocmarket.accounts.models import Member
from iocmarket.accounts.traces import note
from iocmarket.kernel import clock


def sessions_of(member: Member) -> list[UserSession]:
    """Those that are alive, the newest first; the dead ones are forgotten."""
    alive: list[UserSession] = UserSession.objects.purge_and_list(member)
    return sorted(alive, key=lambda session: session.created_at, reverse=True)


@transaction.atomic
def end_session(member: Member, pk: int) -> bool:
    """End one session of this member; whether there was one. It is out at its next request."""
    session = UserSession.objects.filter(user=member, pk=pk).first()
    if session is None:
        return False
    session.end()
    note("member.session_ended", member)
    return True


@transaction.atomic
def end_sessions(member: Member, *, but: str = "") -> int:
    """End every session of this member but the one with that key; how many. Also those that no list shows."""
    listed = UserSession.objects.filter(user=member).exclude(session_key=but)
    keys = set(listed.values_list("session_key", flat=True)) | set(_keys_of(member, but))
    Session.objects.filter(session_key__in=keys).delete()
    listed.delete()
    if keys:
        note("member.sessions_ended", member, count=len(keys))
    return len(keys)


def _keys_of(member: Member, but: str) -> Iterable[str]:
    """A session names its member inside its signed text alone, so that all that are alive are read: seldom done."""
    for session in Session.objects.filter(expire_date__gt=clock.now()).exclude(session_key=but).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(member.pk):
            yield session.session_key
