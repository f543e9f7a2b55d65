"""Looking values up: known or unknown, and in a few words what is known. One statement for ten thousand values.

The same statements run whether a value is unknown or hidden, and nothing that was looked up is written anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import scoring
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.visibility import distinct_authors
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.access import statements_of
from iocmarket.publication.models import Entry

VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a viewer may know of one value, in a few words."""

    public_id: UUID
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


class _Said(NamedTuple):
    """What a summary needs of one visible contribution: ten thousand whole objects would cost seconds."""

    indicator_id: int
    public_id: UUID
    digest: bytes
    tlp: int
    pap: int
    threat_type: str
    anonymous: bool
    institution_id: int
    first_seen: datetime
    last_seen: datetime


def _summaries(digests: list[bytes], *, viewer: Viewer) -> dict[bytes, Summary]:
    asked = digests or [b""]
    rows = (
        Contribution.objects.visible_to(viewer)
        .filter(indicator__digest__in=asked)
        .values_list(
            "indicator_id", "indicator__public_id", "indicator__digest", "tlp", "pap", "threat_type", "anonymous",
            "institution_id", "first_seen", "last_seen",
        )
    )  # fmt: skip
    together: dict[int, list[_Said]] = defaultdict(list)
    for said in map(_Said._make, rows):
        together[said.indicator_id].append(said)
    scores = _scores(asked, viewer=viewer)
    return {bytes(said[0].digest): _summary(said, scores.get(pk, 0)) for pk, said in together.items()}


def _summary(said: list[_Said], score: int) -> Summary:
    return Summary(
        public_id=said[0].public_id,
        marking=Marking(TLP(max(one.tlp for one in said)), PAP(max(one.pap for one in said))),
        threat_types=sorted({one.threat_type for one in said}),
        institutions=distinct_authors(said),
        first_seen=min(one.first_seen for one in said),
        last_seen=max(one.last_seen for one in said),
        score=score,
    )


def _scores(digests: list[bytes], *, viewer: Viewer) -> dict[int, int]:
    """The highest score over the viewer's views, by indicator."""
    moment = clock.now()
    found: dict[int, int] = {}
    live = statements_of(viewer).filter(indicator__digest__in=digests, state=Entry.State.LIVE)
    rows = live.order_by().values_list("indicator_id", "indicator__type", "base_score", "last_seen")
    for pk, type_name, base, last_seen in rows:
        if last_seen is not None:
            lifetime = ioc_types[type_name].lifetime_days
            score = round(scoring.score_at(moment, base=base, last_seen=last_seen, lifetime_days=lifetime))
            found[pk] = max(score, found.get(pk, 0))
    return found
