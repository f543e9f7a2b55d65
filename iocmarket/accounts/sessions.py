"""The browsers in which a person is logged in, and ending them: one, or all but this one."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from iocmarket.accounts.models import Member
from iocmarket.accounts.traces import note


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
def end_other_sessions(request: HttpRequest, member: Member) -> None:
    """End every session of this member but the one of this request, also those that no list shows."""
    Member.objects.filter(pk=member.pk).update(session_generation=F("session_generation") + 1)
    member.refresh_from_db(fields=["session_generation"])
    update_session_auth_hash(request, member)
    UserSession.objects.create_from_request(request)  # under the new key that the line above drew
    note("member.sessions_ended", member)
