"""Paths as MISP's clients write them, brought to the one form in which our routes are.

Clients join addresses with two slashes or with one at the end, ask with `.json`, and put parameters into the path as
`/key:value`; some take a base address with a path, which may be `/misp/`, others refuse one, hence the root. What leads
nowhere under MISP's names is answered by us too: clients expect JSON, and stop at a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from iocmarket.web.middleware.slashes import leads_somewhere

ROOTS = frozenset(
    {"servers", "users", "attributes", "events", "objects", "sightings", "tags", "warninglists", "taxonomies"}
    | {"organisations", "sharing_groups", "sharingGroups", "noticelists", "galaxies", "eventReports"}
    | {"shadowAttributes"}
)
"""The first segments that are MISP's here; `feeds` at the root is ours."""
BASE = "misp"
NOWHERE = f"/{BASE}"
"""The route that answers what leads nowhere."""
_NAMED = re.compile(r"(\w+):(.*)", re.ASCII | re.DOTALL)
_THING = re.compile(r"\d{1,10}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ACTS = 2
"""Segments that name the action; a parameter stands behind them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path said beside the route; `url` is the path as it came."""

    url: str
    named: Mapping[str, str] = field(default_factory=dict)


class MispPaths:
    """Rewrites what is MISP's and leaves everything else alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = read_path(request.path_info)
        if found and not _is_anothers(request.path_info):
            path, named = found
            request.misp = Asked(request.path_info, named)  # type: ignore[attr-defined]
            if not leads_somewhere(path):
                path = NOWHERE
            request.path = request.path.removesuffix(request.path_info) + path
            request.path_info = path
        return self._get_response(request)


def read_path(path: str) -> tuple[str, dict[str, str]] | None:
    """The route and its named parameters; None for a path that is not MISP's."""
    segments = [segment for segment in path.split("/") if segment]
    based = segments[:1] == [BASE]
    if based:
        segments = segments[1:]
    if not segments or segments[0].removesuffix(".json") not in ROOTS:
        return (NOWHERE, {}) if based else None
    named = {}
    for segment in segments[_ACTS:]:
        if match := _NAMED.fullmatch(segment):
            named[match[1]] = unquote(match[2])
    plain = [segment for place, segment in enumerate(segments) if place < _ACTS or not _NAMED.fullmatch(segment)]
    plain = [segment.removesuffix(".json") for segment in plain]
    if not based and len(plain) > _ACTS and _THING.fullmatch(plain[1]):
        return None  # MISP has nothing behind the name of a thing; our pages have
    return "/" + "/".join(_with_action(plain)), named


def _with_action(segments: list[str]) -> list[str]:
    """`/events` is an index, `/events/7` shows one."""
    if len(segments) == 1:
        return [*segments, "index"]
    return [segments[0], "view", *segments[1:]] if _THING.fullmatch(segments[1]) else segments


def _is_anothers(path: str) -> bool:
    """Whether a page of ours has this very path, as `/sightings/<id>/retract`."""
    try:
        return not (resolve(path).url_name or "").startswith(f"{BASE}-")
    except Resolver404:
        return False


def asked_of(request: HttpRequest) -> Asked:
    """What the middleware found."""
    found = getattr(request, "misp", None)
    return found if isinstance(found, Asked) else Asked(request.path_info)
