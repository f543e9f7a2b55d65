"""The newest reports and values that a viewer may read, each as a story: a title, some lines, a marking, a moment.

Nothing in it can be clicked on by mistake: values are defanged by their type, and so is whatever looks like a name, an
address or a link in the words of people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

import orjson
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import PAP, TLP, Marking, strictest
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry
from iocmarket.web.defanged import defang, label_of
from sharing.search.filters import Filters
from sharing.search.listing import page_of
from sharing.search.rows import Row

NUMBER = 50
"""Reports, and values, of one feed."""
_PARTS = 20
"""A long report has several objects; the newest ones of so many reports are surely among these."""
_WORDS_MAX = 4000
_SPACE = UUID("5d0092c5-5f74-4287-9642-33f4c354e56d")
_LINK = re.compile(r"(?i)\b(h)(?:tt)(ps?)://")
_SCHEME = re.compile(r"(?i)\b(ftp|ssh|telnet|javascript|data|file|mailto):")
_DOTTED = re.compile(r"(?<=[\w)\]-])\.(?=[\w(-])")
_AT = re.compile(r"(?<=\S)@(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news."""

    number: UUID
    title: str
    lines: list[str]
    marking: Marking
    updated: datetime
    published: datetime
    link: str = ""
    """The page on the platform; empty where there is none."""
    words: list[str] = field(default_factory=list)
    """What readers may sort by."""


def stories_of(viewer: Viewer, filters: Filters) -> list[Story]:
    """The newest first. With filters, which speak of values, no reports. A constant number of statements."""
    rows = page_of(filters, viewer=viewer, limit=NUMBER, cursor="").rows
    reports = [] if filters != Filters() else list(_reports(viewer))
    found = [*map(_of_value, rows), *reports]
    return sorted(found, key=lambda story: (story.updated, story.number), reverse=True)


def harmless(text: str) -> str:
    """Words of people without anything that a reader's program would make a link of."""
    text = _LINK.sub(r"\1xx\2[:]//", text)
    text = _SCHEME.sub(r"\1[:]", text)
    return _AT.sub("[@]", _DOTTED.sub("[.]", text))


def _of_value(row: Row) -> Story:
    public_id, kind, value = row.indicator
    threats = [str(ThreatType(threat).label) for threat in row.threat_types]
    told = ngettext("%(count)s institution", "%(count)s institutions", row.institutions) % {"count": row.institutions}
    shown = defang(kind, value)
    return Story(
        number=UUID(public_id),
        title=f"{_tag(row.marking)} {label_of(kind)}: {_cut(shown, 200)}",
        lines=[
            shown,
            *([_("Threat: %(threats)s") % {"threats": ", ".join(threats)}] if threats else []),
            _("Score: %(score)s") % {"score": row.score} + f" · {told}",
            *([_("It is expired.")] if row.state == Entry.State.EXPIRED else []),
        ],
        marking=row.marking,
        updated=row.updated,
        published=row.updated,
        link=settings.PUBLIC_URL + reverse("indicator", args=[public_id]),
        words=[kind, *row.threat_types],
    )


def _reports(viewer: Viewer) -> Iterator[Story]:
    """One story for each report, however many views and parts tell of it."""
    told = Entry.objects.filter(view__in=views_of(viewer), state=Entry.State.BESIDE, report__isnull=False)
    newest = told.order_by("-date_added").values_list("report_id", flat=True)[: NUMBER * _PARTS]
    chosen = list(dict.fromkeys(newest))[:NUMBER]
    columns = ("report_id", "report__public_id", "first_added", "date_added", "tlp", "pap", "body")
    parts: dict[int, list[tuple[UUID, datetime, datetime, Marking, dict[str, object]]]] = {}
    for pk, public_id, first, last, tlp, pap, body in told.filter(report__in=chosen).values_list(*columns):
        marking = Marking(TLP(tlp), PAP(pap))
        parts.setdefault(pk, []).append((public_id, first, last, marking, orjson.loads(bytes(body))))
    for pk in chosen:
        yield _of_report(parts[pk])


def _of_report(parts: list[tuple[UUID, datetime, datetime, Marking, dict[str, object]]]) -> Story:
    number, body = parts[0][0], parts[0][4]
    named = {str(ref) for part in parts for ref in _refs(part[4])}
    marking = strictest(part[3] for part in parts)
    told = ngettext("%(count)s value", "%(count)s values", len(named)) % {"count": len(named)}
    description = str(body.get("description", ""))[:_WORDS_MAX]
    return Story(
        # Not the report's own: what machines are told of it has identifiers of each view.
        number=uuid5(_SPACE, str(number)),
        title=f"{_tag(marking)} {harmless(str(body.get('name', '')))}",
        lines=[*filter(str.strip, harmless(description).splitlines()), told],
        marking=marking,
        updated=max(part[2] for part in parts),
        published=min(part[1] for part in parts),
        words=["report"],
    )


def _refs(body: dict[str, object]) -> Iterable[object]:
    refs = body.get("object_refs")
    return refs if isinstance(refs, list) else []


def _tag(marking: Marking) -> str:
    return f"[{marking}]"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
