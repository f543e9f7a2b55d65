"""Elastic's ti_custom asks as its program of the Common Expression Language does, and files what it reads.

What it sends, how it goes on and what it makes of an indicator: cel.yml.hbs and the pipeline of the integration.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from iocmarket.indicators.models import Contribution
from tests.factories import Reader, contribute, make_institution, make_token, publish, withdraw
from tests.sharing.taxii.machine import Machine

TAXII = "application/taxii+json;version=2.1"
FAR = "2999-01-01T00:00:00Z"
PREFIXES = {
    "[ipv4-addr": "ipv4-addr", "[ipv6-addr": "ipv6-addr", "[domain-name": "domain-name", "[url": "url",
    "[email": "email-addr", "[file": "file", "[windows-registry-key": "windows-registry-key",
    "[x509": "x509-certificate", "[autonomous-system": "autonomous-system",
}  # fmt: skip


@dataclass
class TiCustom:
    """One integration: its cursor, and the documents it has written by their id."""

    url: str
    authorization: str
    limit: int | None = 3
    """None: the older version, which sends none and keeps no cursor."""
    interval: timedelta = timedelta(days=90)
    cursor: str = ""
    index: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    asked: int = 0

    def poll(self) -> int:
        """One run; how many objects it was sent."""
        since = f"{timezone.now() - self.interval:%Y-%m-%dT%H:%M:%SZ}"
        sent = 0
        following: dict[str, Any] = {"added_after": self.cursor or since}
        while following:
            body = self._ask(following)
            sent += len(body["objects"])
            for one in body["objects"]:
                self._file(one)
            following = {"next": body["next"]} if body.get("next") else {}
        return sent

    def _ask(self, query: dict[str, Any]) -> Any:
        if self.limit is not None:
            query = {**query, "limit": self.limit}
        headers = {"Accept": TAXII, "Content-Type": TAXII, "Authorization": self.authorization}
        answer = Client().get(self.url, query, headers=headers)
        self.asked += 1
        assert answer.status_code in {200, 206}, answer.content
        if self.limit is not None and (last := answer.headers.get("X-TAXII-Date-Added-Last")):
            self.cursor = last
        return answer.json()

    def _file(self, one: dict[str, Any]) -> None:
        """As the pipeline does with "restrict STIX": indicators of 2.1 alone, under a fingerprint of three fields."""
        if one["type"] != "indicator" or one["spec_version"] != "2.1":
            return
        kinds = [kind for prefix, kind in PREFIXES.items() if one["pattern"].startswith(prefix)]
        ends = datetime.fromisoformat(one.get("valid_until", FAR))
        gone = one.get("revoked", False) or ends <= timezone.now()
        name = (one["id"], one["created"], one["pattern"])
        self.index[name] = {"type": kinds[0], "gone": gone, "confidence": one.get("confidence", 0)}

    def alive(self) -> set[str]:
        """The patterns that still count."""
        return {name[2] for name, document in self.index.items() if not document["gone"]}


def made(machine: Machine, **given: Any) -> TiCustom:
    institution = machine.reader.institution
    own = Machine(Reader(institution, make_token(institution, tool="elastic")))
    url = f"/taxii2/api/{own.collection()}objects/"
    return TiCustom(url, own.reader.headers["Authorization"], **given)


def patterns(*values: str) -> set[str]:
    return {f"[ipv4-addr:value = '{value}']" for value in values}


def test_everything_is_filed_once_and_a_poll_without_news_brings_nothing(machine: Machine) -> None:
    elastic = made(machine)
    first = elastic.poll()
    assert len(elastic.index) == len(elastic.alive()) == 5
    assert first >= 5
    assert elastic.asked > 1
    assert elastic.cursor
    assert elastic.poll() == 0
    assert len(elastic.index) == 5


def test_what_is_published_between_two_polls_arrives_with_the_next_and_what_is_taken_back_ends(
    machine: Machine,
) -> None:
    elastic, other = made(machine), make_institution()
    elastic.poll()
    before = set(elastic.index)
    contribute(other, "45.9.20.7")
    contribute(other, "45.9.20.8")
    publish()
    assert elastic.poll() > 0
    assert {name[2] for name in set(elastic.index) - before} == patterns("45.9.20.7", "45.9.20.8")
    withdraw(Contribution.unscoped.get(indicator__value="45.9.20.7"))
    publish()
    assert elastic.poll() > 0
    assert elastic.alive() >= patterns("45.9.20.8")
    assert elastic.alive().isdisjoint(patterns("45.9.20.7"))
    assert len(elastic.index) == 7  # under the same fingerprint: no second document beside the first


def test_what_is_published_while_it_reads_pages_is_missed_by_nobody(machine: Machine) -> None:
    elastic, other = made(machine, limit=2), make_institution()
    asked = elastic._ask  # something happens between two of its requests

    def ask(query: dict[str, Any]) -> Any:
        body = asked(query)
        if elastic.asked == 1:
            contribute(other, "45.9.20.9")
            publish()
        return body

    elastic._ask = ask  # type: ignore[method-assign]
    elastic.poll()
    elastic.poll()
    assert elastic.alive() >= patterns("45.9.20.9")
    assert len(elastic.index) == 6


def test_the_older_version_reads_its_whole_window_each_time(machine: Machine) -> None:
    elastic = made(machine, limit=None)
    assert elastic.poll() == elastic.poll() >= 5
    assert not elastic.cursor
    assert len(elastic.index) == 5


@pytest.mark.parametrize("user", ["elastic", ""])
def test_it_logs_in_with_basic_as_well(machine: Machine, user: str) -> None:
    elastic = made(machine)
    secret = elastic.authorization.partition(" ")[2]
    elastic.authorization = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    elastic.poll()
    assert len(elastic.index) == 5
