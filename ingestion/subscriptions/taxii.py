"""A collection of a TAXII 2.1 server (sections 3.4 to 3.5 and 5.4): from the last `date_added` on, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from ingestion.readers.stix_markings import is_known, references
from ingestion.subscriptions.asking import Access, PullError, get
from ingestion.subscriptions.paging import Cursor, Page, Unit, Wish, fewer

MEDIA_TYPE = "application/taxii+json;version=2.1"
LIMIT = 500
"""Objects of a page: as many as one submission takes at once."""
DEFINITIONS = 20
"""Marking definitions of one page that are fetched by themselves, when the page does not bring them."""
_LAST = "X-TAXII-Date-Added-Last"
_AROUND = ("marking-definition", "identity")


def ask(wish: Wish, cursor: Cursor) -> Page:
    """See paging.Ask. The cursor: `after`, `next` and `last` within a pass, `limit` when pages were too large."""
    limit = int(cursor.get("limit", LIMIT))
    try:
        found, answer = get(_objects(wish), _query(wish, cursor, limit), _headers(wish.access))
    except PullError as error:
        # A token of a page may have run out: the pass begins again, and what it repeats is refreshed.
        if "next" in cursor and error.code in {"request_refused", "nothing_there"}:
            return Page((), _from(cursor.get("after"), limit), more=True)
        smaller = fewer(limit, error)
        return Page((), _from(cursor.get("after"), smaller), more=True)
    objects = found.get("objects", []) if isinstance(found, dict) else None
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise PullError("not_taxii")
    last = answer.headers.get(_LAST, "") or cursor.get("last")
    if objects and not answer.headers.get(_LAST):
        raise PullError("not_taxii")  # without it nobody knows where to go on
    units = [_unit(wish, objects)] if objects else []
    if found.get("more") is True and objects:
        token = found.get("next")
        if isinstance(token, str) and token:
            if token == cursor.get("next"):
                raise PullError("no_progress")
            return Page(units, {**_from(cursor.get("after"), limit), "next": token, "last": last}, more=True)
        if last == cursor.get("after"):
            raise PullError("no_progress")
        return Page(units, _from(last, limit), more=True)
    return Page(units, _from(last or cursor.get("after")), more=False)


def _from(after: str | None, limit: int = 0) -> Cursor:
    """A cursor without a token of a page."""
    return {**({"after": after} if after else {}), **({"limit": limit} if limit not in {0, LIMIT} else {})}


def _objects(wish: Wish) -> str:
    return f"{wish.access.url}objects/"


def _headers(access: Access) -> dict[str, str]:
    return {"Accept": MEDIA_TYPE, **access.basic_or_bearer()}


def _query(wish: Wish, cursor: Cursor, limit: int) -> dict[str, str]:
    after = cursor.get("after") or wish.since
    types = ",".join(dict.fromkeys((*wish.types, *_AROUND))) if wish.types else ""
    said = {"limit": str(limit), "added_after": after, "match[type]": types, "next": cursor.get("next", "")}
    return {name: text for name, text in said.items() if text}


def _unit(wish: Wish, objects: list[Mapping[str, Any]]) -> Unit:
    """The objects of a page as the bundle that the reader of bundles knows."""
    missing = list(_missing(objects))
    around = [found for name in missing[:DEFINITIONS] for found in _definition(wish, name)]
    return Unit("stix", {"type": "bundle", "id": f"bundle--{uuid4()}", "objects": [*objects, *around]})


def _missing(objects: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    held = {each.get("id") for each in objects}
    named = dict.fromkeys(name for each in objects for name in references(each))
    return (name for name in named if name not in held and not is_known(name))


def _definition(wish: Wish, name: str) -> list[Mapping[str, Any]]:
    """A definition that stands on an earlier page; nothing when the server has none of that name."""
    if not name.startswith("marking-definition--") or not name.replace("-", "").isalnum():
        return []
    try:
        found, _answer = get(f"{_objects(wish)}{name}/", {}, _headers(wish.access))
    except PullError as error:
        if error.code == "nothing_there":
            return []
        raise
    objects = found.get("objects") if isinstance(found, dict) else None
    return [each for each in objects or () if isinstance(each, dict) and each.get("id") == name]
