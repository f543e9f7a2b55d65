"""Looking values up: known or unknown, and in a few words what is known. One statement for ten thousand values.

The same statements run whether a value is unknown or hidden, and nothing that was looked up is written anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.visibility import distinct_authors, effective_marking
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import Marking
from iocmarket.publication.access import statements_of
from sharing.search.value import score_of

VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a viewer may know of one value, in a few words."""

    indicator: Indicator
    marking: Marking
    threat_types: list[str]
    institutions: int
    first_seen: datetime
    last_seen: datetime
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One looked-up value: `refusal` when it is none, `summary` when it is known."""

    asked: str
    type: str = ""
    value: str = ""
    refusal: Refusal | None = None
    summary: Summary | None = None

    @property
    def known(self) -> bool:
        """Whether the viewer may see anything of it."""
        return self.summary is not None


def look_up(values: Sequence[object], *, viewer: Viewer) -> list[Answer]:
    """One answer for each value, in order; what is no text is no value. Raises Refusal(`too_many`) above 10 000."""
    if len(values) > VALUES_MAX:
        raise Refusal("too_many", f"{len(values)} values; at most {VALUES_MAX} at once", where="/values")
    read = [_read(value) for value in values]
    digests = sorted({digest for _answer, digest in read if digest})
    known = _summaries(digests, viewer=viewer)
    return [
        Answer(asked=a.asked, type=a.type, value=a.value, refusal=a.refusal, summary=known.get(digest))
        for a, digest in read
    ]


def _read(asked: object) -> tuple[Answer, bytes]:
    if not isinstance(asked, str):
        return Answer(asked="", refusal=Refusal("not_text", "A value is a text.")), b""
    try:
        found = recognise(asked)
    except Refusal as refusal:
        return Answer(asked=asked, refusal=refusal), b""
    value = found.canonical.value
    return Answer(asked=asked, type=found.type.name, value=value), digest_of(found.type.name, value)


def _summaries(digests: list[bytes], *, viewer: Viewer) -> dict[bytes, Summary]:
    said: dict[int, list[Contribution]] = defaultdict(list)
    asked = digests or [b""]
    rows = Contribution.objects.visible_to(viewer).filter(indicator__digest__in=asked).select_related("indicator")
    for row in rows:
        said[row.indicator_id].append(row)
    scores = _scores(asked, viewer=viewer)
    return {
        bytes(rows[0].indicator.digest): Summary(
            indicator=rows[0].indicator,
            marking=effective_marking(rows),
            threat_types=sorted({row.threat_type for row in rows}),
            institutions=distinct_authors(rows),
            first_seen=min(row.first_seen for row in rows),
            last_seen=max(row.last_seen for row in rows),
            score=scores.get(pk, 0),
        )
        for pk, rows in said.items()
    }


def _scores(digests: list[bytes], *, viewer: Viewer) -> dict[int, int]:
    """The highest score over the viewer's views, by indicator."""
    moment = clock.now()
    found: dict[int, int] = {}
    for entry in statements_of(viewer).filter(indicator__digest__in=digests):
        if entry.indicator is not None:
            score = round(score_of(entry, moment, ioc_types[entry.indicator.type].lifetime_days))
            found[entry.indicator.pk] = max(score, found.get(entry.indicator.pk, 0))
    return found
