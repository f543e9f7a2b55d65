"""The sample archives, processed from end to end: every fact that their EXPECTED.json tells is found in the records."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings

from ingestion.evidence.containers.base import Keys
from ingestion.evidence.running import Origin, run
from tests.ingestion.evidence.test_process import lines

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "evidence"
SAMPLES = (
    "2026-11-03T101500_PC-COMPTA-03.zip.age",
    "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip",
    "DFIR-ORC_WorkStation_PC-LABO-12_Little.7z.p7b",
    "scout_PC-LABO-12.7z",
)
Fact = tuple[str, bool]
Records = list[dict[str, Any]]


@dataclass
class Found:
    """What processing an archive has given."""

    manifest: dict[str, Any]
    records: dict[str, Records]

    def of(self, dataset: str, path: str = "") -> Records:
        """The records of a dataset, of one artefact if it is named."""
        return [one for one in self.records.get(dataset, []) if path in {"", one["iocmarket.artifact_path"]}]

    def entry(self, path: str, parser: str) -> dict[str, Any]:
        """The artefact of the manifest."""
        entries = self.manifest["artefacts"]
        return next((one for one in entries if one["path"] == path and one["parser"] == parser), {"summary": {}})


def _files(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = {(one["path"], one["size"], one["sha256"]) for one in found.manifest["artefacts"]}
    for one in said:
        yield f"file {one['path']}", (one["path"], one["size"], one["sha256"]) in have


def _evtx(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    for file, facts in said.items():
        events = [one for one in found.of("windows.evtx") if one["iocmarket.artifact_path"].endswith("/" + file)]
        yield f"{file}: events", len(events) == facts["events"]
        ids = Counter(str(one["winlog.event_id"]) for one in events)
        for number, count in facts["by_event_id"].items():
            yield f"{file}: {count} of {number}", ids[number] == count
        stamps = sorted(one["@timestamp"] for one in events)
        yield f"{file}: first", stamps[:1] == [facts["first"]]
        yield f"{file}: last", stamps[-1:] == [facts["last"]]


def _value(found: Found, hive: str, key: str, value: str) -> set[str]:
    """The data of a value of a hive, by the end of its key."""
    records = [one for one in found.of("windows.registry", hive) if one.get("registry.key", "").endswith(key)]
    return {data for one in records if one.get("registry.value") == value for data in one["registry.data.strings"]}


def _services(found: Found, hive: str, expected: Any) -> Iterator[Fact]:
    have = {one.get("service.name"): json.loads(one["event.original"]) for one in found.of("windows.services", hive)}
    for one in expected:
        about = have.get(one["name"], {}) | {"name": one["name"]}
        yield one["name"], one.items() <= about.items()


def _libraries(found: Found, hive: str, expected: Any) -> Iterator[Fact]:
    return _services(found, hive, [{"name": name, "ServiceDll": path} for name, path in expected.items()])


def _cached(found: Found, hive: str, expected: Any) -> Iterator[Fact]:
    held = str(found.of("windows.scheduled_task", hive) + found.of("windows.registry", hive))
    for guid in expected:
        yield guid, guid in held


def _values(end: str, name: str = "") -> Callable[[Found, str, Any], Iterator[Fact]]:
    """Values of a key, or one value of the keys that are named."""

    def check(found: Found, hive: str, expected: Any) -> Iterator[Fact]:
        for one, data in expected.items() if isinstance(expected, dict) else [(name, expected)]:
            key, value = (f"\\{one}", name) if end == "*" else (end, one)
            yield one, data in _value(found, hive, key, value)

    return check


def _total(found: Found, hive: str, what: str, expected: int) -> bool:
    return bool(found.entry(hive, "registry")["summary"].get(what.removesuffix("_dissect")) == expected)


HIVES: dict[str, Callable[[Found, str, Any], Iterator[Fact]]] = {
    "suspicious_services": _services,
    "ServiceDll": _libraries,
    "Run": _values("\\Run"),
    "RunOnce": _values("\\RunOnce"),
    "Winlogon": _values("\\Winlogon"),
    "IFEO_Debugger": _values("*", "Debugger"),
    "TaskCache": _cached,
    "ComputerName": _values("\\ComputerName", "ComputerName"),
    "ProductName": _values("\\CurrentVersion", "ProductName"),
}


def _registry(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    for hive, facts in said.items():
        for what, expected in facts.items():
            if isinstance(expected, int):
                yield f"{hive}: {what}", _total(found, hive, what, expected)
            else:
                yield from ((f"{hive}: {what} {one}", true) for one, true in HIVES[what](found, hive, expected))


def _crosscheck(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    for one in said:
        entries = [entry for entry in found.manifest["artefacts"] if entry["path"].endswith("/" + one["file"])]
        yield f"{one['file']}: {one['evtx_rs']}", [entry["records"] for entry in entries] == [one["evtx_rs"]]


def _logons(found: Found, number: int, key: Callable[[dict[str, Any]], tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    return Counter(key(one) for one in found.of("windows.evtx") if one["winlog.event_id"] == number)


def _remote(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = _logons(found, 4624, lambda one: (one.get("user.name"), one.get("source.ip"), one.get("winlog.logon.type")))
    for one in said:
        yield f"logons {one}", have[one["user"], one["source_ip"], one["logon_type"]] == one["count"]
    yield "no others", len(said) == sum(1 for _user, ip, _type in have if ip and ip not in {"127.0.0.1", "::1"})


def _failed(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = _logons(found, 4625, lambda one: (one.get("source.ip"),))
    yield "failed logons by address", {ip: count for (ip,), count in have.items() if ip} == said


def _tasks(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = [json.loads(one["event.original"]) for one in found.of("windows.scheduled_task") if "event.original" in one]
    for one in said:
        yield f"task {one['uri']}", any(one.items() <= task.items() for task in have)


def _addresses(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    yield "remote addresses", sorted({one.get("destination.ip", "") for one in found.of("live.network")} - {""}) == said


def _usn(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    records = found.of("ntfs.usn")
    yield "usn records", len(records) == said["records"]
    names = {one.get("file.name") for one in records}
    for name in said["names"]:
        yield f"usn {name}", name in names


def _mft(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    yield "mft entries", len(found.of("ntfs.mft")) == said["entries_mft_rs"] == said["records_1024"]


def _archive(found: Found, said: Any, name: str) -> Iterator[Fact]:
    yield "name", said["name"] == name
    yield "size", (SHARED / name).stat().st_size == said["size"]
    yield "sha256", found.manifest["archive_sha256"] == said["sha256"]
    yield "layout", said["layout"].partition("-in-")[0] == found.manifest["layout"]
    if "recipients" in said:
        yield "recipients", f"{said['recipients']} recipients" in found.manifest["scheme"]


def _suspicious(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = [
        (one["file.path"], one["file.hash.sha256"], one.get("file.hash.md5")) for one in found.of("file.suspicious")
    ]
    yield "suspicious file", (said["path"], said["sha256"], said["md5"]) in have


def _wmi(found: Found, said: Any, _name: str) -> Iterator[Fact]:
    have = str([json.loads(one["winlog.event_data"]) for one in found.of("windows.wmi")])
    for one in said:
        for text in (one["Namespace"], *one["ConsumerDetails"].values(), *one["FilterDetails"].values()):
            yield f"wmi {text}", repr(text) in have


FACTS: dict[str, Callable[[Found, Any, str], Iterator[Fact]]] = {
    "files": _files,
    "evtx": _evtx,
    "registry": _registry,
    "crosscheck": _crosscheck,
    "logon_4624_remote": _remote,
    "logon_4625_by_ip": _failed,
    "scheduled_tasks": _tasks,
    "processes": lambda found, said, _name: iter([("processes", len(found.of("live.process")) == said)]),
    "netstat_rows": lambda found, said, _name: iter([("connections", len(found.of("live.network")) == said)]),
    "remote_ips": _addresses,
    "usn": _usn,
    "mft": _mft,
    "archive": _archive,
    "suspicious_file": _suspicious,
    "host": lambda found, said, _name: iter([("host", found.manifest["host"] == said)]),
    "wmi_subscriptions": _wmi,
}
"""What checks each part of an EXPECTED.json; one that is not known here fails."""


def keys() -> Keys:
    identities = [line for line in (SHARED / "keys/platform.age.key").read_text().split() if line.startswith("AGE-")]
    return Keys(tuple(identities), ((SHARED / "keys/platform.key.pem").read_bytes(),))


@pytest.mark.real
@pytest.mark.shareddata
@pytest.mark.parametrize("name", SAMPLES)
def test_every_expected_fact_is_found(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    expected = json.loads((SHARED / f"{name}.EXPECTED.json").read_text())
    origin = Origin("case-1", "e-1", expected["archive"]["sha256"], "2026-11-22T10:00:00Z")
    password = expected["archive"].get("password", "")
    outcome = run(SHARED / name, tmp_path, origin=origin, keys=keys(), password=password, name=name)
    assert (outcome.state, outcome.code) == ("done", "")
    assert outcome.folder is not None
    counts = outcome.manifest["datasets"]
    assert outcome.manifest["memory_peak"] < 512 * 2**20
    records = {dataset: lines(outcome.folder / f"{dataset}.jsonl") for dataset in counts}
    ids = [one["event.id"] for some in records.values() for one in some]
    assert len(ids) == len(set(ids)) == outcome.manifest["records"]
    for dataset, count in counts.items():
        assert len(pd.read_json(outcome.folder / f"{dataset}.jsonl", lines=True)) == count == len(records[dataset])
        assert len(pd.read_parquet(outcome.folder / f"{dataset}.parquet")) == count
    found = Found(outcome.manifest, records)
    facts = [fact for part, said in expected.items() for fact in FACTS[part](found, said, name)]
    with capsys.disabled():
        print(f"\n{name}: {sum(true for _fact, true in facts)} of {len(facts)} facts")
    assert [fact for fact, true in facts if not true] == []
