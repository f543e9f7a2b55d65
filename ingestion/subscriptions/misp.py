"""The events of a MISP server, by `POST /events/restSearch`, a page at a time.

MISP pages by number over what matches, so that an event which ceases to match (it was edited and is not published yet)
shifts those behind it into a page that was read already. A pass over several pages is therefore followed by another
over the same time, until one brings nothing new; what was taken before is skipped by its version. Its comparison of
times includes the moment itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from ingestion.subscriptions.asking import PullError, post
from ingestion.subscriptions.paging import TOO_LARGE, Cursor, Page, Unit, Wish, fewer

LIMIT = 25
"""Events of a page."""
PASSES = 5
"""Passes over the same time at most, on a server that never comes to rest."""


def ask(wish: Wish, cursor: Cursor) -> Page:
    """See paging.Ask. The cursor: `since`; within a pass `page`, `top` (the newest moment seen), `seen`, `round`."""
    limit, page = int(cursor.get("limit", LIMIT)), int(cursor.get("page", 1))
    try:
        document = _body(wish, cursor, page, limit)
        found, _answer = post(f"{wish.access.url}events/restSearch", document, _headers(wish))
    except PullError as error:
        if error.code == TOO_LARGE and limit == 1:
            return Page((), {**cursor, "page": page + 1, "seen": ""}, more=True, unread=error.code)
        smaller = fewer(limit, error)
        return Page((), {**_at_start(cursor), "limit": smaller}, more=True)
    events = _events(found)
    seen = hashlib.sha256(orjson.dumps(sorted(_name(each) for each in events))).hexdigest()
    # A server that answers the same page again knows no pages: it has told everything.
    if not events or seen == cursor.get("seen"):
        return _end_of_pass(wish, cursor, page)
    top = max([int(cursor.get("top", 0)), *(_moment(each, wish) for each in events)])
    units = [_unit(each) for each in events]
    return Page(units, {**cursor, "page": page + 1, "top": top, "seen": seen}, more=True)


def _end_of_pass(wish: Wish, cursor: Cursor, page: int) -> Page:
    again = int(cursor.get("round", 1))
    # Whether the last pass brought anything new is `fresh`, which running.py tells.
    if page > 2 and cursor.get("fresh") and again < PASSES:
        return Page((), {**_at_start(cursor), "round": again + 1}, more=True)
    since = max(int(cursor.get("top", 0)), int(cursor.get("since", wish.since_epoch)))
    return Page((), {"since": since}, more=False)


def _at_start(cursor: Cursor) -> Cursor:
    return {name: cursor[name] for name in ("since", "round") if name in cursor}


def _headers(wish: Wish) -> dict[str, str]:
    return {"Accept": "application/json", **({"Authorization": wish.access.secret} if wish.access.secret else {})}


def _clock(wish: Wish) -> str:
    """Which of its moments an event is followed by: one that is published later must not lie in the past by then."""
    return "publish_timestamp" if wish.published else "timestamp"


def _body(wish: Wish, cursor: Cursor, page: int, limit: int) -> dict[str, Any]:
    since = int(cursor.get("since", wish.since_epoch))
    said: dict[str, Any] = {"returnFormat": "json", "page": page, "limit": limit, "withAttachments": False}
    if since:
        said[_clock(wish)] = str(since)
    if wish.published:
        said["published"] = True
    if wish.tags:
        said["tags"] = {"OR": list(wish.tags)}
    if wish.types:
        said["type"] = {"OR": list(wish.types)}
    return said


def _events(found: Any) -> list[Mapping[str, Any]]:
    listed = found.get("response") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise PullError("not_misp")
    events = [each.get("Event") if isinstance(each, dict) else None for each in listed]
    if not all(isinstance(each, dict) and isinstance(each.get("uuid"), str) for each in events):
        raise PullError("not_misp")
    return [each for each in events if each is not None]


def _name(event: Mapping[str, Any]) -> str:
    return str(event["uuid"])


def _moment(event: Mapping[str, Any], wish: Wish) -> int:
    return _figures(event.get(_clock(wish)))


def _figures(said: Any) -> int:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _unit(event: Mapping[str, Any]) -> Unit:
    stamp = [_figures(event.get(name)) for name in ("timestamp", "publish_timestamp")]
    version = orjson.dumps(stamp) if any(stamp) else orjson.dumps(event)
    return Unit(
        "misp", {"Event": event}, hashlib.sha256(_name(event).lower().encode()).digest(),
        hashlib.sha256(version).digest(),
    )  # fmt: skip
