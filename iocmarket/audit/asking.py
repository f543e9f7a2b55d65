"""What a reader asks of the trail, read from a query: the page, the export and the API ask alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.audit.labels import Reader
from iocmarket.audit.trail import Filters
from iocmarket.kernel.decision import Refusal

NAMES = ("action", "since", "until", "member")
_ACTION = re.compile(r"[a-z_.-]{1,60}", re.ASCII)


def read_filters(query: Mapping[str, str], *, beside: Iterable[str] = ()) -> Filters:
    """Raises Refusal: `unknown_filter`, `bad_filter`; `where` names the parameter."""
    if unknown := sorted(set(query) - {*NAMES, *beside}):
        raise Refusal("unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
    action = query.get("action", "")
    if action and not _ACTION.fullmatch(action):
        raise Refusal("bad_filter", "action is the name of one, or the part before its point", where="action")
    return Filters(
        action=action,
        since=_moment(query, "since"),
        until=_moment(query, "until", end=True),
        member=_member(query.get("member", "")),
    )


def reader_of(member: Member, *, whole: bool = False) -> Reader | None:
    """The trail that a person may read: the institution's, or, asked for by an administrator, all of it. None: none."""
    if member.institution_id is None:
        return None
    if whole:
        may = member.may(Capability.COMMUNITY_TRAIL_READ)
        return Reader(member.institution_id, everything=True) if may else None
    return Reader(member.institution_id) if member.may(Capability.TRAIL_READ) else None


def _moment(query: Mapping[str, str], name: str, *, end: bool = False) -> datetime | None:
    """A day in the time zone of the community (as an end: the whole of it), or a moment (UTC when it says no zone)."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        if (day := parse_date(text)) is not None:
            start = datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
            return start + timedelta(days=1) if end else start
        if (found := parse_datetime(text)) is not None:
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise Refusal("bad_filter", f"{name} is a day or a moment, YYYY-MM-DD or RFC 3339", where=name)


def _member(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refusal("bad_filter", "member is the id of one", where="member") from None
