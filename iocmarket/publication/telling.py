"""What contributions say of values, written out: worked out once for all of which the same is said.

Most of what comes together, the list of a honeypot or the table of a campaign, says one thing of thousands of values.
Its facts, its columns and all of its body but the value are then the same, and only the value is put in.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.conf import settings

from iocmarket.indicators.types import ioc_types
from iocmarket.publication.facts import Facts, Met, Said, facts_of
from iocmarket.publication.models import Entry
from iocmarket.publication.rendering import Mould, digest_of
from iocmarket.publication.storing import Columns, Parameters, parameters_of

_LIVE, _EXPIRED = Entry.State.LIVE.value, Entry.State.EXPIRED.value
_BY_NUMBER = attrgetter("pk")


class Told(NamedTuple):
    """What is said of one value in a view, written out."""

    text: bytes
    digest: bytes
    columns: str
    parameters: Parameters


class _Alike(NamedTuple):
    """What is told alike of every value of one type of which the same is said."""

    mould: Mould
    columns: str
    parameters: Parameters


class Teller:
    """Writes out what contributions say at one moment; for the same ones once, however many views hold them."""

    def __init__(self, values: Mapping[int, tuple[str, str]], *, creator: str, moment: datetime) -> None:
        self.moment = moment
        self._values = values
        self._creator = creator
        self._threshold: float = settings.SCORE_THRESHOLD
        self._told: dict[tuple[int, ...], Told] = {}
        self._alike: dict[tuple[Hashable, ...], _Alike] = {}

    def told(self, indicator_id: int, said: Sequence[Said], met: Sequence[Met]) -> Told:
        """What these contributions and sightings, all that a view holds of the indicator, say at the moment."""
        type_name, value = self._values[indicator_id]
        if met:
            return _put(value, self._work_out(type_name, value, said, met))
        key = tuple([one.pk for one in said])
        found = self._told.get(key)
        if found is None:
            found = self._told[key] = _put(value, self._alike_of(type_name, value, said))
        return found

    def _alike_of(self, type_name: str, value: str, said: Sequence[Said]) -> _Alike:
        # In the order of their numbers, in which statements of the same name are told.
        ordered = said if len(said) == 1 else sorted(said, key=_BY_NUMBER)
        key = (type_name, *[one.saying() for one in ordered])
        found = self._alike.get(key)
        if found is None:
            found = self._alike[key] = self._work_out(type_name, value, said, ())
        return found

    def _work_out(self, type_name: str, value: str, said: Sequence[Said], met: Sequence[Met]) -> _Alike:
        facts = facts_of(
            said,
            met,
            type_name=type_name,
            value=value,
            lifetime_days=ioc_types[type_name].lifetime_days,
            moment=self.moment,
            threshold=self._threshold,
        )
        return _Alike(Mould.of(facts, creator=self._creator), _columns(facts), parameters_of(facts))


def _put(value: str, alike: _Alike) -> Told:
    text = alike.mould.cast(value)
    return Told(text, digest_of(text), alike.columns, alike.parameters)


def _columns(facts: Facts) -> str:
    return Columns(
        _EXPIRED if facts.expired else _LIVE,
        facts.marking.tlp,
        facts.marking.pap,
        facts.threat_types,
        facts.subtree,
        facts.base_score,
        facts.institutions,
        facts.first_seen,
        facts.last_seen,
        facts.valid_until,
        facts.due_at,
    ).written()
