"""The repository of WMI: through its index as a listing would have it, and what can be carved where that is damaged."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dissect.cim import CIM

from ingestion.evidence.artefacts.base import Artefact, Context, Fault
from ingestion.evidence.cim.index import walked
from ingestion.evidence.cim.text import TEXT_MAX
from ingestion.evidence.cim.values import TEXTS_MAX
from ingestion.evidence.containers.base import Item
from ingestion.evidence.findings.base import Found, findings
from ingestion.evidence.process import process
from tests.ingestion.evidence.artefacts import making_cim as cim
from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting
from tests.ingestion.evidence.test_process import lines, order

FOLDER = "Windows/System32/wbem/Repository"
QUERY = "SELECT * FROM __InstanceModificationEvent WITHIN 60 WHERE TargetInstance ISA 'Win32_LocalTime'"
COMMAND = "powershell -w hidden -enc SQBFAFgA"
UPDATER: cim.Objects = [
    ("__EventFilter", {"Name": "Updater", "Query": QUERY, "EventNamespace": "root\\cimv2",
                       "CreatorSID": cim.ADMINS_SID}),
    ("CommandLineEventConsumer", {"Name": "Updates", "CommandLineTemplate": COMMAND, "CreatorSID": cim.ADMINS_SID}),
    ("__FilterToConsumerBinding", {"Consumer": 'CommandLineEventConsumer.Name="Updates"',
                                   "Filter": '__EventFilter.Name="Updater"', "CreatorSID": cim.ADMINS_SID}),
]  # fmt: skip
USUAL: cim.Objects = [
    ("__EventFilter", {"Name": "SCM Event Log Filter", "Query": "select * from MSFT_SCMEventLogEvent"}),
    ("NTEventLogEventConsumer", {"Name": "SCM Event Log Consumer", "SourceName": "Service Control Manager"}),
    ("__FilterToConsumerBinding", {"Consumer": 'NTEventLogEventConsumer.Name="SCM Event Log Consumer"',
                                   "Filter": '__EventFilter.Name="SCM Event Log Filter"'}),
]  # fmt: skip


def laid(folder: Path, files: Mapping[str, bytes]) -> Artefact:
    """OBJECTS.DATA of these, with its siblings."""
    items = {}
    for name, content in files.items():
        path = f"{FOLDER}/{name}"
        (folder / name).write_bytes(content)
        items[path.lower()] = Item(folder / name, path, path, len(content), hashlib.sha256(content).hexdigest(), "C")
    context = Context(layout="plain", host="pc-1.example.org", siblings=lambda path: items.get(path.lower()))
    return Artefact(items[f"{FOLDER}/objects.data".lower()], context)


def read(folder: Path, files: Mapping[str, bytes]) -> tuple[list[dict[str, Any]], list[Fault], dict[str, Any]]:
    """What the parser says of them."""
    return parsed("wmi_repository", laid(folder, files))


def named(found: list[Found]) -> list[tuple[str, ...]]:
    """What makes a finding the same on every run."""
    return [(one.category, one.technique, one.location, one.value, one.command) for one in found]


UPDATER_FOUND = [("wmi", "T1546.003", "Updater", "Updates", COMMAND)]


def test_the_library_reads_what_is_made_here() -> None:
    made = cim.repository({"subscription": UPDATER})
    library = CIM(io.BytesIO(made.index), io.BytesIO(made.objects), [io.BytesIO(made.mapping)])
    consumer = library.root.namespace("subscription").class_("CommandLineEventConsumer").instance({"Name": "Updates"})
    assert consumer.properties["CommandLineTemplate"].value == COMMAND
    assert bytes(consumer.properties["CreatorSID"].value) == cim.ADMINS_SID


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{FOLDER}/OBJECTS.DATA", True),
        ("windows/system32/wbem/repository/fs/objects.data", True),
        ("Windows/System32/wbem/Repository.001/OBJECTS.DATA", True),
        (f"{FOLDER}/INDEX.BTR", False),
        ("Users/a/OBJECTS.DATA", False),
    ],
)
def test_it_is_known_by_its_place(path: str, wanted: bool, tmp_path: Path) -> None:
    assert wanting(artefact(tmp_path, b"\1", path)) == ["wmi_repository"] * wanted


def test_a_binding_is_a_record_with_both_of_its_ends(tmp_path: Path) -> None:
    records, faults, summary = read(tmp_path, cim.repository({"subscription": [*USUAL, *UPDATER]}).files())
    assert faults == []
    assert summary == {"objects": 6, "carved": 0}
    binding = next(one for one in records if one.get("rule.name") == "Updater" and "threat.technique.id" in one)
    assert binding["event.action"] == "wmi-subscription"
    assert binding["process.command_line"] == COMMAND
    assert binding["user.id"] == "S-1-5-32-544"
    assert binding["tags"] == ["unusual"]
    assert binding["@timestamp"] is None
    assert binding["message"] == f"WMI subscription in root/subscription: Updater → Updates: {COMMAND} ({QUERY})"
    told = json.loads(binding["winlog.event_data"])
    assert told["filterdetailsquery"] == QUERY
    assert told["filterdetailseventnamespace"] == "root\\cimv2"
    assert told["consumerdetailsclass"] == "CommandLineEventConsumer"
    assert sorted(one["event.action"] for one in records) == sorted(
        ["wmi-subscription", "wmi-filter", "wmi-consumer"] * 2
    )


def test_it_is_the_same_finding_as_that_of_a_listing(tmp_path: Path) -> None:
    records, _, _ = read(tmp_path, cim.repository({"subscription": [*USUAL, *UPDATER]}).files())
    row = {"Namespace": "root/subscription", "ConsumerDetails": {"Name": "Updates", "CommandLineTemplate": COMMAND},
           "FilterDetails": {"Name": "Updater", "Query": QUERY}}  # fmt: skip
    listed, _, _ = parsed("live_wmi", artefact(tmp_path, json.dumps(row).encode(), "wmi.json", volume=""))
    assert named(findings(records)) == named(findings(listed)) == UPDATER_FOUND
    assert len(findings([*records, *listed])) == 1
    shared = ("event.kind", "event.category", "event.action", "rule.name", "process.command_line", "message", "tags")
    binding = next(one for one in records if one["message"] == listed[0]["message"])
    assert {key: binding[key] for key in shared} == {key: listed[0][key] for key in shared}


OTHERS: list[tuple[str, dict[str, str], str]] = [
    ("ActiveScriptEventConsumer", {"ScriptingEngine": "VBScript", "ScriptText": "CreateObject(\"W.Shell\") ' é→" * 900},
     "CreateObject"),
    ("ActiveScriptEventConsumer", {"ScriptFileName": "C:\\Users\\Public\\a.vbs"}, "C:\\Users\\Public\\a.vbs"),
    ("LogFileEventConsumer", {"Filename": "C:\\inetpub\\a.asp", "Text": "<%eval%>"}, "C:\\inetpub\\a.asp"),
    ("CommandLineEventConsumer", {"ExecutablePath": "C:\\a.exe"}, "C:\\a.exe"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "command"), OTHERS, ids=[f"{one[0]}-{list(one[1])[-1]}" for one in OTHERS])
def test_what_each_kind_of_consumer_does(kind: str, values: dict[str, str], command: str, tmp_path: Path) -> None:
    path = f'\\\\.\\root\\default:{kind}.Name="a \\"b\\""'
    objects: cim.Objects = [(kind, {"Name": 'a "b"', **values}),
               ("__FilterToConsumerBinding", {"Consumer": path, "Filter": '__EventFilter.Name="gone"'})]  # fmt: skip
    records, faults, _ = read(tmp_path, cim.repository({"default": objects}).files())
    assert faults == []
    binding, consumer = sorted(records, key=lambda one: one["event.action"] == "wmi-consumer")
    assert binding["process.command_line"].startswith(command)
    assert consumer["process.command_line"] == binding["process.command_line"]
    assert binding["rule.name"] == "gone"
    assert [(one.location, one.value) for one in findings(records)] == [("gone", 'a "b"')]


def test_all_namespaces_are_looked_at(tmp_path: Path) -> None:
    consumer: cim.Objects = [("SMTPEventConsumer", {"Name": "mail", "SMTPServer": "203.0.113.7", "Message": "m"})]
    records, faults, _ = read(tmp_path, cim.repository({"cimv2": [], "cimv2\\hidden": consumer}).files())
    assert faults == []
    assert [json.loads(one["winlog.event_data"])["namespace"] for one in records] == ["root/cimv2/hidden"]


def test_a_consumer_that_nothing_is_bound_to_is_told_and_found(tmp_path: Path) -> None:
    records, _, _ = read(tmp_path, cim.repository({"subscription": UPDATER[1:2]}).files())
    assert records[0]["tags"] == ["unusual", "unbound"]
    assert [(one.location, one.command) for one in findings(records)] == [("Updates", COMMAND)]


def test_what_windows_subscribes_is_no_finding(tmp_path: Path) -> None:
    files = cim.repository({"subscription": USUAL}).files()
    records, _, _ = read(tmp_path, files)
    carved, _, _ = read(tmp_path, {"OBJECTS.DATA": files["OBJECTS.DATA"]})
    assert len(records) == 3
    assert len(carved) == 1
    assert findings([*records, *carved]) == []


@pytest.mark.parametrize("left", [(), ("INDEX.BTR",), ("MAPPING2.MAP",)])
def test_without_its_index_or_mappings_bindings_are_carved(left: tuple[str, ...], tmp_path: Path) -> None:
    files = cim.repository({"subscription": [*USUAL, *UPDATER]}).files()
    records, faults, summary = read(tmp_path, {name: files[name] for name in ("OBJECTS.DATA", *left)})
    assert [fault.where for fault in faults] == ["OBJECTS.DATA"]
    assert summary == {"objects": 0, "carved": 2}
    assert {one["rule.name"]: one["tags"] for one in records} == {
        "SCM Event Log Filter": ["carved"],
        "Updater": ["unusual", "carved"],
    }
    assert named(findings(records)) == UPDATER_FOUND
    assert json.loads(records[-1]["winlog.event_data"])["filterdetailsquery"] == QUERY


def test_wide_letters_are_carved_too(tmp_path: Path) -> None:
    text = '\\\\.\\root\\subscription:CommandLineEventConsumer.Name="é→"\0\0\1__EventFilter.Name="Ā"\0'
    consumer = (
        b"CommandLineEventConsumer\0\1" + f"{COMMAND} →\0".encode("utf-16-le") + b"\1" + "é→\0".encode("utf-16-le")
    )
    records, _, _ = read(tmp_path, {"OBJECTS.DATA": b"\7" * 99 + text.encode("utf-16-le") + bytes(5000) + consumer})
    assert [(one["rule.name"], one["process.command_line"]) for one in records] == [("Ā", f"{COMMAND} →")]


def test_names_that_stand_alone_are_carved_each_once(tmp_path: Path) -> None:
    content = b'__EventFilter.Name="a"' + bytes(2000) + b'__EventFilter.Name="a"' + bytes(2000)
    content += b'ActiveScriptEventConsumer.Name="b"' + b'__EventFilter.Name="'
    records, _, _ = read(tmp_path, {"OBJECTS.DATA": content})
    assert [one.get("rule.name", "") for one in records] == ["a", ""]
    assert [one.location for one in findings(records)] == ["b"]


@pytest.mark.parametrize(
    "content",
    [
        b'__EventFilter.Name="' * 100_000,
        b'__EventFilter.Name="\\' + b"\\\\" * 1_000_000,
        b'__EventFilter.Name="a"__EventFilter\0' + b"\1A" * 1_000_000,
        b'__EventFilter.Name="a"' + (b"__EventFilter\0\1" + b"A\0" * 40_000) * 25,
        b'XEventConsumer.Name="a"' * 90_000,
    ],
    ids=["beginnings", "escapes", "flags", "wide", "consumers"],
)
def test_carving_takes_a_time_that_grows_with_the_file_alone(content: bytes, tmp_path: Path) -> None:
    began = time.monotonic()
    records, faults, _ = read(tmp_path, {"OBJECTS.DATA": content})
    assert time.monotonic() - began < 5
    assert len(faults) == 1
    assert len(records) <= 2


def test_a_damaged_object_costs_itself_and_is_searched_for(tmp_path: Path) -> None:
    files = cim.repository({"subscription": [*USUAL, *UPDATER]}).files()
    at = files["OBJECTS.DATA"].index(b"CommandLineEventConsumer.Name=") - 4
    broken = bytearray(files["OBJECTS.DATA"])
    binding = broken.rindex(cim.hashed("__FilterToConsumerBinding").encode("utf-16-le"), 0, at)
    broken[binding + 144 : binding + 148] = b"\xff" * 4  # the length of what follows the head
    records, faults, summary = read(tmp_path, {**files, "OBJECTS.DATA": bytes(broken)})
    assert [fault.where.partition(" ")[0] for fault in faults] == ["__FilterToConsumerBinding"]
    assert summary == {"objects": 5, "carved": 1}
    assert UPDATER_FOUND[0] in named(findings(records))


def test_an_index_whose_pages_are_gone_is_no_end(tmp_path: Path) -> None:
    files = cim.repository({"subscription": [*USUAL, *UPDATER]}).files()
    empty = b"\0" * cim.PAGE + cim.index_page(1, [], [0])
    for index in (b"", b"\xff" * len(files["INDEX.BTR"]), files["INDEX.BTR"][: 2 * cim.PAGE], empty):
        records, faults, _ = read(tmp_path, {**files, "INDEX.BTR": index})
        assert faults
        assert UPDATER_FOUND[0] in named(findings(records))


def test_an_older_mapping_is_taken_where_the_newest_is_damaged(tmp_path: Path) -> None:
    files = cim.repository({"subscription": UPDATER}).files()
    newest = files["MAPPING1.MAP"][:4] + b"\x99" + files["MAPPING1.MAP"][5:60]
    records, faults, summary = read(tmp_path, {**files, "MAPPING1.MAP": newest, "MAPPING2.MAP": b"none"})
    assert [fault.where for fault in faults] == ["MAPPING.MAP"] * 2
    assert summary == {"objects": 3, "carved": 0}
    assert named(findings(records)) == UPDATER_FOUND


def test_pages_that_name_each_other_are_read_once() -> None:
    """The library would descend 2 ** 40 times."""
    keys = [f"NS_{'0' * 64}/CI_{'A' * 64}/IL_{number:064X}.1.1.1" for number in range(2)]
    pages = [b"\0" * cim.PAGE, *(cim.index_page(own, keys, [own + 1] * 3) for own in range(1, 41))]
    pages.append(cim.index_page(41, keys, [1, 40, 7_000_000]))
    mapping = cim._mapping(1, 0, 1) + struct.pack("<I", 0xDCBA) + cim._mapping(len(pages), 1, 1)
    opened = CIM(io.BytesIO(b"".join(pages)), io.BytesIO(b""), [io.BytesIO(mapping)])
    began = time.monotonic()
    index = walked(opened, {"CI_" + "A" * 64})
    assert time.monotonic() - began < 5
    assert sum(len(found) for found in index.instances.values()) == 2 * 41
    assert index.broken == 1


def test_a_class_that_stands_above_itself_is_a_fault(tmp_path: Path) -> None:
    making = cim.Making()
    for name in cim.CLASSES:
        making.defined("__SystemClass", name, above="__EventConsumer" if name == "__EventConsumer" else None)
    making.made("root\\a", "CommandLineEventConsumer", {"Name": "x"})
    making.made("root\\a", "__EventFilter", {"Name": "f", "Query": "q"})
    records, faults, _ = read(tmp_path, making.finished().files())
    assert [one["rule.name"] for one in records] == ["f"]
    assert [fault.what for fault in faults] == ["it cannot be read: classes stand above themselves"]


def test_counts_without_end_are_faults(tmp_path: Path) -> None:
    files = cim.repository({"subscription": UPDATER}).files()
    mapping = bytearray(files["MAPPING1.MAP"])
    mapping[20:24] = b"\xff" * 4
    keys = bytearray(files["INDEX.BTR"])
    for page in range(1, len(keys) // cim.PAGE):
        keys[page * cim.PAGE + 16 : page * cim.PAGE + 20] = b"\xff" * 4
    for broken in ({f"MAPPING{number}.MAP": bytes(mapping) for number in (1, 2, 3)}, {"INDEX.BTR": bytes(keys)}):
        records, faults, _ = read(tmp_path, {**files, **broken})
        assert faults
        assert named(findings(records)) == UPDATER_FOUND


def test_objects_beyond_the_budget_are_told_and_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = cim.repository({"subscription": [*USUAL, *UPDATER]}).files()
    monkeypatch.setattr("ingestion.evidence.cim.repository.BUDGET", 4 * cim.PAGE)
    records, faults, _ = read(tmp_path, files)
    assert "larger than those of any real repository" in faults[0].what
    assert {tuple(one["tags"]) for one in records} == {("carved",), ("unusual", "carved")}


def test_texts_of_one_object_are_kept_up_to_a_length(tmp_path: Path) -> None:
    long = {name: name[0] * 40_000 for name in ("MachineName", "ScriptingEngine", "ScriptText", "ScriptFileName")}
    made = cim.repository({"a": [("ActiveScriptEventConsumer", {"Name": "n", **long})]})
    [found], faults, _ = read(tmp_path, made.files())
    assert faults == []
    assert len(found["process.command_line"]) == TEXT_MAX
    assert len(found["winlog.event_data"]) < TEXTS_MAX + 1000


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bits_end_in_records_and_faults(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    files = cim.repository({"subscription": [*USUAL, *UPDATER], "cimv2\\a": UPDATER}).files()
    for name in files:
        content = bytearray(files[name])
        for _ in range(chance.choice((0, 1, 8, 200))):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        files[name] = bytes(content)
    began = time.monotonic()
    records, faults, summary = read(tmp_path, files)
    assert time.monotonic() - began < 10
    assert summary["objects"] + summary["carved"] == len(records)
    assert all(fault.what for fault in faults)


def test_an_archive_with_a_repository_is_read(tmp_path: Path) -> None:
    source = tmp_path / "x.zip"
    with zipfile.ZipFile(source, "w") as file:
        for name, content in cim.repository({"subscription": UPDATER}).files().items():
            file.writestr(f"C/{FOLDER}/{name}", content)
    manifest = process(order(source, tmp_path / "out"), lambda _said: None)
    states = {one["path"].rpartition("/")[2]: one["state"] for one in manifest["artefacts"]}
    assert states["OBJECTS.DATA"] == "parsed"
    assert states["INDEX.BTR"] == "unparsed"
    assert manifest["errors"] == 0
    assert named(findings(lines(tmp_path / "out" / "windows.wmi.jsonl"))) == UPDATER_FOUND
