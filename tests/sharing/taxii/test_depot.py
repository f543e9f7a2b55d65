"""Dépôt: what is posted comes back as it was sent, and is shared as it says."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from sharing.taxii.models import DepotStatus
from sharing.taxii.tasks import purge
from tests.factories import Reader, make_institution, make_token, unused_address
from tests.sharing.taxii.depositor import AMBER_STRICT, BOTH, GREEN, RED, Depositor, stix
from tests.sharing.taxii.machine import Machine


def test_an_institution_has_one_depot_and_finds_it_again(depositor: Depositor) -> None:
    assert depositor.depot == depositor.depot
    [document] = [c for c in depositor.get("collections/").json()["collections"] if c["title"] == "Dépôt"]
    assert document["can_read"] is True
    assert document["can_write"] is True
    assert depositor.get(depositor.depot).json() == document


def test_an_object_comes_back_exactly_as_it_was_sent(depositor: Depositor) -> None:
    address = unused_address()
    number = "1" + "0" * 40
    raw = (
        f'{{ "type":"indicator", "spec_version":"2.1","id":"indicator--{uuid4()}",\n'
        '"modified":"2026-01-01T00:00:00.1Z","created":"2026-01-01T00:00:00.000Z",'
        f'"pattern":"[ipv4-addr:value = \'{address}\']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z",'
        f'"name":"\\u00e9 é 🛡 \\ud800","x_big":{number},"x_float":1.10,"x_e":1E400 }}'
    )
    response = depositor.send("POST", f"{depositor.depot}objects/", f'{{"more":false,"objects":[ {raw} ]}}')
    assert response.status_code == 202, response.content
    body = depositor.get(f"{depositor.depot}objects/").content.decode()
    assert f'"objects":[{raw}]' in body
    assert depositor.said() == [address]


def test_posting_answers_with_a_complete_status_that_can_be_read_for_a_day(depositor: Depositor) -> None:
    one, two = stix(), stix("identity", name="x", identity_class="group")
    status = depositor.stored(one, two)
    assert (status["status"], status["total_count"], status["success_count"]) == ("complete", 2, 2)
    assert [(s["id"], s["version"]) for s in status["successes"]] == [(o["id"], o["modified"]) for o in (one, two)]
    assert depositor.get(f"status/{status['id']}/").json() == status
    stranger = make_institution()
    other = Machine(Reader(stranger, make_token(stranger, scopes=BOTH)))
    assert other.get(f"status/{status['id']}/").status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)):
        assert depositor.get(f"status/{status['id']}/").status_code == 404
        assert purge() == 1
    assert not DepotStatus.objects.exists()


def test_every_object_has_its_own_moment_and_comes_in_order(depositor: Depositor) -> None:
    sent = [stix() for _ in range(30)]
    with time_machine.travel(clock.now(), tick=False):
        depositor.stored(*sent[:20])
        depositor.stored(*sent[20:])
    records = depositor.get(f"{depositor.depot}manifest/").json()["objects"]
    assert [record["id"] for record in records] == [found["id"] for found in sent]
    assert all(first["date_added"] < second["date_added"] for first, second in pairwise(records))
    seen, after = [], "2000-01-01T00:00:00Z"
    while (
        found := (r := depositor.get(f"{depositor.depot}objects/", {"added_after": after, "limit": 7}))
        .json()
        .get("objects")
    ):
        seen += [o["id"] for o in found]
        after = r.headers["X-TAXII-Date-Added-Last"]
    assert seen == [found["id"] for found in sent]


def test_versions_are_kept_and_told_apart(depositor: Depositor) -> None:
    first = stix(day=5)
    name = first["id"]
    for day in (5, 2, 9):
        depositor.stored({**first, "modified": f"2026-01-{day:02}T00:00:00.000Z"})

    def days(version: str = "", path: str = f"objects/{name}/", key: str = "modified") -> list[int]:
        query = {"match[version]": version} if version else {}
        found = depositor.get(f"{depositor.depot}{path}", query).json().get("objects", [])
        return [int(o[key][8:10]) for o in found]

    for path, key in ((f"objects/{name}/", "modified"), ("objects/", "modified"), ("manifest/", "version")):
        assert days(path=path, key=key) == [9]
        assert days("last", path, key) == [9]
        assert days("first", path, key) == [2]
        assert days("all", path, key) == [5, 2, 9]
        assert days("first,last", path, key) == [2, 9]
        assert days("2026-01-05T00:00:00Z,first", path, key) == [5, 2]
    versions = depositor.get(f"{depositor.depot}objects/{name}/versions/", {"limit": 2}).json()
    assert versions["versions"] == ["2026-01-05T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]
    rest = depositor.get(f"{depositor.depot}objects/{name}/versions/", {"next": versions["next"]}).json()
    assert rest["versions"] == ["2026-01-09T00:00:00.000Z"]


def test_a_duplicate_is_no_error_and_stored_once(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one)
    assert depositor.stored({**one, "name": "another content"}, one)["success_count"] == 2
    assert depositor.objects(version="all") == [one]
    observable = {"type": "ipv4-addr", "id": f"ipv4-addr--{uuid4()}", "value": "45.1.2.3"}
    for _ in range(2):
        [success] = depositor.stored(observable)["successes"]
        assert success["version"].endswith("Z")
    assert depositor.objects(type="ipv4-addr") == [observable]


BAD: list[tuple[str, dict[str, Any]]] = [
    ("bad_type", stix(type="malware")),
    ("spec_version", stix(spec_version="2.0")),
    ("bad_timestamp", stix(modified="yesterday")),
    ("bad_timestamp", stix(created=7)),
    ("dates_out_of_order", stix(modified="2025-01-01T00:00:00.000Z")),
    ("property_missing", stix(pattern="")),
    ("tlp_red", stix(object_marking_refs=[RED])),
    ("tlp_red", stix(labels=["tlp:red"])),
    ("tlp_red", stix(granular_markings=[{"marking_ref": RED, "selectors": ["name"]}])),
    ("credential", {"type": "user-account", "id": f"user-account--{uuid4()}", "credential": "hunter2"}),
]


@pytest.mark.parametrize(("code", "bad"), BAD)
def test_one_bad_object_fails_alone_and_says_why(depositor: Depositor, code: str, bad: dict[str, Any]) -> None:
    good = stix()
    status = depositor.post(good, bad).json()
    assert (status["success_count"], status["failure_count"], status["total_count"]) == (1, 1, 2)
    assert status["failures"][0]["id"] == bad["id"]
    assert status["failures"][0]["message"].startswith(f"{code}: ")
    assert depositor.objects() == [good]


def test_a_deep_object_fails_alone(depositor: Depositor) -> None:
    deep = json.loads("[" * 100 + "]" * 100)
    status = depositor.post(stix(x_deep=deep), stix(x_deep=deep[0][0])).json()
    assert [failure["message"].partition(":")[0] for failure in status["failures"]] == ["too_deep", "too_deep"]


NAMED = '{"objects":[{"id":"indicator--356c861c-ce52-4c32-b092-9c72722b3a73"}]}'


NO_ENVELOPE = [
    (400, "{not json"), (400, NAMED[:-2]), (400, f"{NAMED[:-2]},]}}"), (400, f"{NAMED[:-2]} 7]}}"),
    (400, '{"objects":[]} x'), (400, '{"objects":' + "[" * 100_000), (400, '{"objects":' + '{"a":' * 100_000),
    (400, '{"objects":[],"objects":[]}'), (400, "{,}"), (400, '{"objects":[{"id":"a","id":"b"}]}'),
    (400, '{"objects":[NaN]}'), (400, '{"objects" []}'), (400, "{1:2}"), (400, " "), (422, "[]"), (422, "7"),
    (422, "{}"), (422, '{"objects":[]}'), (422, '{"objects":{}}'), (422, '{"objects":[7]}'),
    (422, '{"objects":[{"type":"x"}]}'), (422, '{"objects":[{"id":"indicator--1"}]}'),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), NO_ENVELOPE)
def test_a_body_that_is_no_envelope_is_refused_whole(depositor: Depositor, status: int, body: str) -> None:
    response = depositor.send("POST", f"{depositor.depot}objects/", body)
    assert response.status_code == status, response.content
    assert response.json()["http_status"] == str(status)
    assert response.headers["Content-Type"] == "application/taxii+json;version=2.1"
    assert depositor.objects(version="all") == []


def test_nothing_is_stored_when_one_object_cannot_be_named(depositor: Depositor) -> None:
    response = depositor.post(stix(), {"type": "indicator"})
    assert response.status_code == 422
    assert "/objects/1" in response.json()["description"]
    assert depositor.objects() == []


def test_bytes_that_are_no_text_are_refused(depositor: Depositor) -> None:
    path = f"/taxii2/api/{depositor.depot}objects/"
    response = depositor.client.generic(
        "POST", path, b'{"objects":["\xff"]}', content_type="application/taxii+json", headers=depositor.reader.headers
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/taxii+json;version=2.1", 202), ("application/taxii+json", 202),
        ("application/taxii+json; version=2.1", 202), ('Application/TAXII+json; version="2.1"; charset=utf-8', 202),
        ("application/taxii+json;version=2.0", 415), ("text/plain", 415), ("application/json", 415), ("", 415),
    ],
)  # fmt: skip
def test_the_media_type_of_a_post(depositor: Depositor, content_type: str, status: int) -> None:
    path = f"/taxii2/api/{depositor.depot}objects/"
    response = depositor.client.generic(
        "POST", path, json.dumps({"objects": [stix()]}), content_type=content_type, headers=depositor.reader.headers
    )
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/taxii+json;version=2.1"


def test_a_body_above_the_promised_length_is_a_413(depositor: Depositor) -> None:
    longest = depositor.get("").json()["max_content_length"]
    envelope = json.dumps({"objects": [stix()]})
    for length, status in ((longest, 202), (longest + 1, 413)):
        body = envelope + " " * (length - len(envelope))
        assert depositor.send("POST", f"{depositor.depot}objects/", body).status_code == status


# — Who may do what —


def test_the_permission_matrix(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one)
    path = f"{depositor.depot}objects/"
    reads, writes = depositor.other(Scope.INDICATORS_READ), depositor.other(Scope.INDICATORS_WRITE)
    stranger = make_institution()
    outside = Depositor(Reader(stranger, make_token(stranger, scopes=BOTH)))
    expected = {reads: (200, 403, 403), writes: (403, 202, 403), outside: (404, 404, 404), depositor: (200, 202, 200)}
    for machine, statuses in expected.items():
        found = (
            machine.get(path).status_code,
            machine.send("POST", path, json.dumps({"objects": [one]})).status_code,
            machine.send("DELETE", f"{path}{one['id']}/").status_code,
        )
        assert found == statuses
    for end in ("manifest/", f"objects/{one['id']}/", f"objects/{one['id']}/versions/"):
        assert writes.get(depositor.depot + end).status_code == 403
        assert outside.get(depositor.depot + end).status_code == 404
    listed = {c["title"]: (c["can_read"], c["can_write"]) for c in writes.get("collections/").json()["collections"]}
    assert listed == {"Dépôt": (False, True)}
    listed = {c["title"]: (c["can_read"], c["can_write"]) for c in reads.get("collections/").json()["collections"]}
    assert listed["Dépôt"] == (True, False)


def test_a_narrower_token_does_not_read_back_what_lies_above_its_ceiling(depositor: Depositor) -> None:
    open_, strict, unclear = (
        stix(object_marking_refs=[GREEN]),
        stix(object_marking_refs=[AMBER_STRICT]),
        stix(object_marking_refs=[f"marking-definition--{uuid4()}"]),
    )
    depositor.stored(open_, strict, unclear)
    provider = depositor.other(*BOTH, operated_by=Token.OperatedBy.PROVIDER, tlp_ceiling=TLP.AMBER)
    path = depositor.depot
    assert [o["id"] for o in provider.get(f"{path}objects/").json()["objects"]] == [open_["id"]]
    assert provider.get(f"{path}objects/{strict['id']}/").status_code == 404
    assert provider.send("DELETE", f"{path}objects/{strict['id']}/").status_code == 404
    assert len(depositor.objects()) == 3


def test_suspending_the_institution_closes_it(depositor: Depositor) -> None:
    path = f"{depositor.depot}objects/"
    Institution.objects.update(state=Institution.State.SUSPENDED)
    assert depositor.get(path).status_code == 401


# — Deleting —


def test_deleting_an_object_deletes_all_its_versions(depositor: Depositor) -> None:
    one, other = stix(), stix()
    depositor.stored(one, {**one, "modified": "2026-02-01T00:00:00.000Z"}, other)
    path = f"{depositor.depot}objects/{one['id']}/"
    assert depositor.send("DELETE", path).status_code == 200
    assert depositor.get(path).status_code == 404
    assert depositor.get(f"{path}versions/").status_code == 404
    assert depositor.objects(version="all") == [other]
    assert depositor.send("DELETE", path).status_code == 404


def test_deleting_one_version_leaves_the_others(depositor: Depositor) -> None:
    addresses = [unused_address() for _ in range(3)]
    one = stix()
    for day, address in enumerate(addresses, start=1):
        depositor.stored(stix(id=one["id"], value=address, day=day))
    assert depositor.said() == [addresses[2]]
    path = f"{depositor.depot}objects/{one['id']}/"

    def delete(**match: str) -> int:
        query = "&".join(f"match[{name}]={value}" for name, value in match.items())
        return int(depositor.send("DELETE", f"{path}?{query}").status_code)

    assert delete(version="2026-01-09T00:00:00Z") == 404
    assert delete(spec_version="2.0") == 404
    assert delete(version="newest") == 400
    assert delete(version="last") == 200
    assert depositor.said() == [addresses[1]]
    assert delete(version="2026-01-01T00:00:00Z", spec_version="2.1") == 200
    assert depositor.get(f"{path}versions/").json()["versions"] == ["2026-01-02T00:00:00.000Z"]
    assert depositor.get(path).json()["objects"][0]["modified"] == "2026-01-02T00:00:00.000Z"
    assert delete(version="all") == 200
    assert depositor.said() == []
