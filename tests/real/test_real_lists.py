"""Lists and tables that people really publish, sent as text; another institution then pulls exactly what was kept."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stix2
import stix2validator
from taxii2client.common import TokenAuth
from taxii2client.v21 import Server, as_pages

from tests.sharing.taxii.instance import PROJECT, Instance, running

pytestmark = [pytest.mark.real, pytest.mark.shareddata]
SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or PROJECT.parent / "shared" / "data")
LINES_AT_ONCE = 200


@dataclass
class Sent:
    """What became of every file."""

    counts: Counter[str] = field(default_factory=Counter)
    accepted: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class World:
    """An instance, the first sending and the second, and the reader's token."""

    instance: Instance
    first: Sent
    second: Sent
    reader: str


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Everything sent twice by one institution, and published."""
    files = [
        path for name in ("lists", "csv") for path in sorted((SHARED / "iocs" / name).glob("*")) if _is_input(path)
    ]
    if not files:
        pytest.skip(f"the lists are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    with running() as instance:
        scopes = {"Lectrice": ["indicators:read", "feeds:read"], "Autrice": ["indicators:write"]}
        secrets = instance.community(scopes)
        first, second = (_send_all(instance, secrets["Autrice"], files) for _ in range(2))
        _await_publication(instance)
        yield World(instance, first, second, secrets["Lectrice"])


def _is_input(path: Path) -> bool:
    return path.is_file() and not path.name.endswith(".expected.json")


def _send_all(instance: Instance, secret: str, files: list[Path]) -> Sent:
    sent = Sent()
    for path in files:
        lines = path.read_bytes().splitlines(keepends=True)
        for start in range(0, len(lines), LINES_AT_ONCE):
            _send(instance, secret, lines[start : start + LINES_AT_ONCE], sent)
    return sent


def _send(instance: Instance, secret: str, lines: list[bytes], sent: Sent) -> None:
    request = urllib.request.Request(
        f"{instance.url}/api/v1/submissions?threat_type=malware&tlp=GREEN",
        data=b"".join(lines),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "text/plain"},
    )
    status, answer = _answer(request)
    if status == 201:
        _account(answer, sent)
        return
    assert (status, answer["code"]) == (413, "too_many_items"), answer
    assert len(lines) > 1, answer
    _send(instance, secret, lines[: len(lines) // 2], sent)
    _send(instance, secret, lines[len(lines) // 2 :], sent)


def _answer(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _account(answer: dict[str, Any], sent: Sent) -> None:
    counts = answer["counts"]
    statuses = Counter(item["status"] for item in answer["items"])
    assert counts["received"] == len(answer["items"])
    assert counts["received"] == counts["accepted"] + counts["refreshed"] + counts["refused"]
    assert all(counts[status] == statuses[status] for status in ("accepted", "refreshed", "refused"))
    assert all(item["reason"] and item["detail"] for item in answer["items"] if item["status"] == "refused")
    sent.counts.update(counts)
    sent.accepted |= {(item["type"], item["value"]) for item in answer["items"] if item["status"] != "refused"}


def _await_publication(instance: Instance) -> None:
    deadline = time.monotonic() + 300
    while instance.rows("SELECT 1 FROM publication_outbox LIMIT 1"):
        assert time.monotonic() < deadline, instance.logs()
        time.sleep(0.5)


def _pulled(world: World) -> list[dict[str, Any]]:
    [root] = Server(f"{world.instance.url}/taxii2/", auth=TokenAuth(key=world.reader)).api_roots
    [community] = [found for found in root.collections if found.title == "Communauté"]
    return [found for page in as_pages(community.get_objects, per_request=1000) for found in page.get("objects", [])]


def test_every_line_is_accounted_for_and_most_are_kept(world: World) -> None:
    print(f"\nfirst sending: {dict(world.first.counts)}; second: {dict(world.second.counts)}")
    assert world.first.counts["accepted"] == len(world.first.accepted)
    assert world.first.counts["accepted"] > 10_000


def test_a_second_sending_accepts_nothing_new(world: World) -> None:
    assert world.second.counts["accepted"] == 0
    assert world.second.counts["received"] == world.first.counts["received"]
    assert world.second.accepted == world.first.accepted


def test_another_institution_pulls_exactly_the_set_that_the_database_holds(world: World) -> None:
    indicators = [found for found in _pulled(world) if found["type"] == "indicator"]
    rows = world.instance.rows(
        "SELECT i.value FROM indicators_contribution c JOIN indicators_indicator i ON i.id = c.indicator_id"
        " WHERE c.audience = 'community' AND c.withdrawn_at IS NULL"
    )
    held = Counter(value for (value,) in rows)
    assert Counter(found["name"] for found in indicators) == held
    assert held.total() == world.first.counts["accepted"]
    assert len({found["id"] for found in indicators}) == len(indicators)


def test_the_stix2_library_parses_all_of_it(world: World) -> None:
    for found in _pulled(world):
        assert stix2.parse(found, allow_custom=False).id == found["id"]


def test_the_strict_validator_accepts_all_of_it(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHARED / "stix-schemas", tmp_path / "schemas-2.1" / "schemas")
    monkeypatch.setattr(stix2validator.validator, "__file__", str(tmp_path / "validator.py"))
    options = stix2validator.ValidationOptions(strict=True, version="2.1")
    objects = _pulled(world)
    started = time.monotonic()
    for found in objects:
        result = stix2validator.validate_instance(found, options)
        said = [str(line) for line in [*result.errors, *result.warnings]]
        assert result.is_valid, said
        assert not said
    print(f"\n{len(objects)} objects validated in {time.monotonic() - started:.0f} s")
