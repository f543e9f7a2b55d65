"""Looking values up: known or unknown, and in a few words what is known. Two statements for ten thousand values.

A name of which nothing is said is known through a name above it whose statement means its sub-names too.

The same statements run whether a value is unknown or hidden, and nothing that was looked up is written anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from iocmarket.accounts.viewer import Viewer
from iocmarket.copying import bytea_literal
from iocmarket.indicators import scoring
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.types import Trait, ioc_types
from iocmarket.indicators.visibility import distinct_authors
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.prepared import Among, Prepared
from iocmarket.publication.models import Entry
from iocmarket.publication.personal import personal_entries
from sharing.reading import Exit, read_by

VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a viewer may know of one value, in a few words."""

    public_id: str
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
    covered_by: str = ""
    """The name above it of which the summary is; empty when the summary is of the value itself."""

    @property
    def known(self) -> bool:
        """Whether the viewer may see anything of it."""
        return self.summary is not None


def look_up(values: Sequence[object], *, viewer: Viewer) -> list[Answer]:
    """One answer for each value, in order; what is no text is no value. Raises Refusal(`too_many`) above 10 000."""
    if len(values) > VALUES_MAX:
        raise Refusal("too_many", f"{len(values)} values; at most {VALUES_MAX} at once", where="/values")
    read = [_read(value) for value in values]
    known = _known({digest for one in read for digest in one.places}, viewer=viewer)
    return [_answered(one, known) for one in read]


class _Read(NamedTuple):
    """One value before it is looked up, and where it may be found: under its own digest, then those of the names
    above it.
    """

    asked: str
    type: str = ""
    value: str = ""
    refusal: Refusal | None = None
    places: dict[bytes, str] = {}  # noqa: RUF012 (never changed)


def _read(asked: object) -> _Read:
    if not isinstance(asked, str):
        return _Read("", refusal=Refusal("not_text", "A value is a text."))
    try:
        found = recognise(asked)
    except Refusal as refusal:
        return _Read(asked, refusal=refusal)
    value, kind = found.canonical.value, found.type.name
    places = {digest_of(kind, value): ""}
    if Trait.NAME in found.type.traits:
        places.update((digest_of(kind, name), name) for name in _names_above(value))
    return _Read(asked, kind, value, None, places)


def _names_above(name: str) -> list[str]:
    """The names above a name, the nearest first, without its top-level domain, which no statement is about."""
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels) - 1)]


def _answered(read: _Read, known: _Known) -> Answer:
    asked, kind, value, refusal, places = read
    for digest, name in places.items():
        if (summary := known.summary(digest, subtree=bool(name))) is not None:
            return Answer(asked=asked, type=kind, value=value, summary=summary, covered_by=name)
    return Answer(asked=asked, type=kind, value=value, refusal=refusal)


class _Said(NamedTuple):
    """What a summary needs of one visible contribution: ten thousand whole objects would cost seconds."""

    indicator_id: int
    public_id: str
    digest: bytes
    tlp: int
    pap: int
    threat_type: str
    anonymous: bool
    institution_id: int
    first_seen: datetime
    last_seen: datetime
    subtree: bool


_SAID = Prepared[Exit](
    lambda exit_: Contribution.objects.visible_to(exit_.viewer)
    .filter(Among("indicator__digest"))
    .values_list(
        "indicator_id", "indicator__public_id", "indicator__digest", "tlp", "pap", "threat_type", "anonymous",
        "institution_id", "first_seen", "last_seen", "subtree",
    )
)  # fmt: skip
_TOLD = Prepared[Exit](
    lambda exit_: Entry.objects.filter(
        read_by(exit_), Among("indicator__digest"), state__in=(Entry.State.LIVE, Entry.State.EXPIRED)
    ).values_list("indicator_id", "indicator__type", "state", "base_score", "last_seen")
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is visible, by digest, and how it stands, by indicator."""

    said: dict[bytes, list[_Said]]
    scores: dict[int, _Standing]

    def summary(self, digest: bytes, *, subtree: bool) -> Summary | None:
        """Of a value itself, or with `subtree` of what is said of it with its sub-names."""
        said = self.said.get(digest)
        if said is not None and subtree:
            said = [one for one in said if one.subtree]
        return _summary(said, *self.scores.get(said[0].indicator_id, _NONE)) if said else None


def _known(digests: set[bytes], *, viewer: Viewer) -> _Known:
    asked = bytea_literal(sorted(digests))
    together: dict[bytes, list[_Said]] = defaultdict(list)
    for said in map(_Said._make, _SAID.rows(Exit.of(viewer), asked)):
        together[bytes(said.digest)].append(said)
    scores = _scores(asked, viewer=viewer)
    red = [one.indicator_id for said in together.values() for one in said if one.tlp == TLP.RED]
    for pk, score, last_seen in _scores_in_person(red, viewer=viewer):
        _raise(scores, pk, score, last_seen)
    return _Known(together, scores)


def _summary(said: list[_Said], score: int, renewed: datetime) -> Summary:
    return Summary(
        public_id=said[0].public_id,
        marking=_marking(max([one.tlp for one in said]), max([one.pap for one in said])),
        threat_types=sorted({one.threat_type for one in said}),
        institutions=distinct_authors(said),
        first_seen=min([one.first_seen for one in said]),
        last_seen=max([renewed, *(one.last_seen for one in said)]),
        score=score,
    )


@cache
def _marking(tlp: int, pap: int) -> Marking:
    return Marking(TLP(tlp), PAP(pap))


_Standing = tuple[int, datetime]
"""The highest score over the viewer's views, and when the value was last seen there: sightings renew it."""
_NONE: _Standing = (0, datetime.min.replace(tzinfo=UTC))


def _scores(digests: str, *, viewer: Viewer) -> dict[int, _Standing]:
    """What the viewer's views say of each, by indicator; `digests` as PostgreSQL writes a list of them."""
    moment = clock.now()
    found: dict[int, _Standing] = {}
    for pk, type_name, state, base, last_seen in _TOLD.rows(Exit.of(viewer), digests):
        _raise(found, pk, _score(state, base, last_seen, type_name, moment), last_seen)
    return found


def _score(state: str, base: float, last_seen: datetime, type_name: str, moment: datetime) -> int:
    """Of one entry now; what has expired has none."""
    if state != Entry.State.LIVE:
        return 0
    lifetime = ioc_types[type_name].lifetime_days
    return round(scoring.score_at(moment, base=base, last_seen=last_seen, lifetime_days=lifetime))


def _raise(found: dict[int, _Standing], pk: int, score: int, last_seen: datetime) -> None:
    highest, latest = found.get(pk, _NONE)
    found[pk] = max(score, highest), max(last_seen, latest)


def _scores_in_person(indicator_ids: list[int], *, viewer: Viewer) -> Iterator[tuple[int, int, datetime]]:
    """The same of what was told to the person alone. No statement when that is nothing."""
    moment = clock.now()
    for entry in personal_entries(viewer, indicator_ids) if indicator_ids else ():
        if entry.indicator is not None and entry.last_seen is not None:
            score = _score(entry.state, entry.base_score, entry.last_seen, entry.indicator.type, moment)
            yield entry.indicator.pk, score, entry.last_seen
