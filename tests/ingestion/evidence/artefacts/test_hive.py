"""Registry hives: every place from which programs come back, the facts of the samples, and hives that lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.hive import Registry
from tests.ingestion.evidence.artefacts import samples
from tests.ingestion.evidence.artefacts.making_hives import Made, hive, made

PARSER = Registry()
NT, WINDOWS = "Microsoft\\Windows NT\\CurrentVersion", "Microsoft\\Windows\\CurrentVersion"
SET = "ControlSet002"
SELECT = ("Select", "Current", "dword", 2)


def read(folder: Path, root: Made, path: str = "Windows/System32/config/SOFTWARE", **more: Any) -> samples.Parsed:
    return samples.parsed(PARSER, samples.artefact(folder, hive(root, **more), path))


def of(found: samples.Parsed, column: str) -> list[Any]:
    return [one[column] for one in found.records if column in one]


@pytest.mark.parametrize(
    ("path", "name", "kind", "data", "technique"),
    [
        (f"{WINDOWS}\\Run", "x", "sz", "C:\\x.exe", "T1547.001"),
        (f"{WINDOWS}\\RunOnce", "x", "expand", "%TEMP%\\x.exe", "T1547.001"),
        (f"{WINDOWS}\\RunOnceEx\\001", "x", "sz", "C:\\x.exe", "T1547.001"),
        (f"Wow6432Node\\{WINDOWS}\\Run", "x", "sz", "C:\\x.exe", "T1547.001"),
        (f"Software\\{WINDOWS}\\Policies\\Explorer\\Run", "1", "sz", "C:\\x.exe", "T1547.001"),
        (f"Software\\Wow6432Node\\{WINDOWS}\\Run", "", "sz", "C:\\x.exe", "T1547.001"),
        (f"Software\\{WINDOWS}\\Explorer\\User Shell Folders", "Startup", "expand", "C:\\Other", "T1547.001"),
        (f"Software\\{NT}\\Windows", "Load", "sz", "C:\\x.exe", "T1547.001"),
        (f"{NT}\\Winlogon", "Shell", "sz", "explorer.exe, x.exe", "T1547.004"),
        (f"{NT}\\Winlogon\\Notify\\evil", "DLLName", "sz", "evil.dll", "T1547.004"),
        (f"{NT}\\Image File Execution Options\\a.exe", "Debugger", "sz", "C:\\x.exe", "T1546.012"),
        (f"{NT}\\Image File Execution Options\\a.exe", "GlobalFlag", "dword", 0x200, "T1546.012"),
        (f"{NT}\\SilentProcessExit\\a.exe", "MonitorProcess", "sz", "C:\\x.exe", "T1546.012"),
        (f"{NT}\\Windows", "AppInit_DLLs", "sz", "C:\\x.dll", "T1546.010"),
        ("Microsoft\\NetSh", "x", "sz", "C:\\x.dll", "T1546.007"),
        ("Microsoft\\Active Setup\\Installed Components\\{0}", "StubPath", "sz", "C:\\x.exe", "T1547.014"),
        ("Environment", "UserInitMprLogonScript", "sz", "C:\\x.bat", "T1037.001"),
        ("Control Panel\\Desktop", "SCRNSAVE.EXE", "sz", "C:\\x.scr", "T1546.002"),
        (f"{SET}\\Control\\Lsa", "Authentication Packages", "multi", ["msv1_0", "x"], "T1547.002"),
        (f"{SET}\\Control\\Lsa", "Notification Packages", "multi", ["scecli", "x"], "T1556.002"),
        (f"{SET}\\Control\\Lsa\\OSConfig", "Security Packages", "multi", ["x"], "T1547.005"),
        (f"{SET}\\Control\\Print\\Monitors\\x", "Driver", "sz", "x.dll", "T1547.010"),
        (f"{SET}\\Services\\W32Time\\TimeProviders\\x", "DllName", "sz", "x.dll", "T1547.003"),
        (f"{SET}\\Control\\Session Manager", "BootExecute", "multi", ["autocheck autochk *", "x"], "T1547.001"),
        (f"{SET}\\Control\\Session Manager\\AppCertDLLs", "x", "sz", "x.dll", "T1546.009"),
    ],
)  # fmt: skip
def test_finds_what_comes_back(path: str, name: str, kind: str, data: Any, technique: str, tmp_path: Path) -> None:
    found = read(tmp_path, made((path, name, kind, data), SELECT))
    kept = [one for one in found.records if one.get("event.action") == "persistence"]
    assert [(one["registry.key"], one["registry.value"]) for one in kept] == [(path, name or "(default)")]
    assert kept[0]["registry.data.strings"] == (data if isinstance(data, list) else [str(data)])
    assert kept[0]["threat.technique.id"] == [technique]
    assert kept[0]["@timestamp"] == "2024-11-02T05:46:40.000000Z"
    assert found.faults == []


def test_what_the_logon_screen_starts_is_told_apart(tmp_path: Path) -> None:
    found = read(tmp_path, made((f"{NT}\\Image File Execution Options\\sethc.exe", "Debugger", "sz", "cmd.exe")))
    assert found.records[0]["threat.technique.id"] == ["T1546.012", "T1546.008"]
    assert found.records[0]["tags"] == ["persistence", "unusual"]


def test_services_have_their_library_and_their_start(tmp_path: Path) -> None:
    root = made(
        SELECT,
        (f"{SET}\\Services\\Plug", "ImagePath", "expand", "%SystemRoot%\\system32\\svchost.exe -k netsvcs"),
        (f"{SET}\\Services\\Plug", "Start", "dword", 2),
        (f"{SET}\\Services\\Plug", "Type", "dword", 0x20),
        (f"{SET}\\Services\\Plug\\Parameters", "ServiceDll", "expand", "C:\\ProgramData\\plug.dll"),
        ("ControlSet001\\Services\\Old", "ImagePath", "sz", "C:\\old.exe"),
    )
    root.at(f"{SET}\\Services\\Bare")
    found = read(tmp_path, root, "Windows/System32/config/SYSTEM")
    plug, bare = found.records
    assert plug["event.dataset"] == bare["event.dataset"] == "windows.services"
    assert (plug["service.name"], plug["file.path"], plug["file.name"]) == (
        "Plug",
        "C:\\ProgramData\\plug.dll",
        "plug.dll",
    )
    assert plug["threat.technique.id"] == ["T1543.003"]
    assert plug["tags"] == ["persistence", "unusual"]
    assert "automatic start, shared process" in plug["message"]
    assert orjson.loads(plug["event.original"])["Start"] == 2
    assert "threat.technique.id" not in bare
    assert found.facts == {"hive": "SYSTEM", "keys_total": 10, "dirty": False, "services_subkeys": 2}


def test_a_task_that_the_tree_does_not_show_is_hidden(tmp_path: Path) -> None:
    cache = f"{NT}\\Schedule\\TaskCache"
    actions = b"\3\0\x0c\0\0\0" + "Author".encode("utf-16-le") + b"\x66\x66\0\0" + "C:\\Temp\\x.exe".encode("utf-16-le")
    found = read(
        tmp_path,
        made(
            (f"{cache}\\Tasks\\{{A}}", "Path", "sz", "\\shown"),
            (f"{cache}\\Tasks\\{{B}}", "Path", "sz", "\\gone"),
            (f"{cache}\\Tasks\\{{B}}", "Actions", "binary", actions),
            (f"{cache}\\Tree\\shown", "Id", "sz", "{a}"),
        ),
    )
    shown, gone = found.records
    assert shown["tags"] == ["persistence"]
    assert gone["tags"] == ["persistence", "hidden", "unusual"]
    assert gone["process.command_line"] == "C:\\Temp\\x.exe"


def test_says_what_the_machine_is(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        made(
            SELECT,
            (f"{SET}\\Control\\ComputerName\\ComputerName", "ComputerName", "sz", "PC-1"),
            (f"{SET}\\Control\\TimeZoneInformation", "TimeZoneKeyName", "sz", "Romance Standard Time"),
            (f"{SET}\\Control\\Windows", "ShutdownTime", "binary", (133_750_000_000_000_000).to_bytes(8, "little")),
            (f"{NT}", "ProductName", "sz", "Windows 10 Education"),
            (f"{NT}\\ProfileList\\S-1-5-21-1", "ProfileImagePath", "expand", "C:\\Users\\jdupont"),
        ),
    )
    assert [one["event.kind"] for one in found.records].count("state") == 4
    assert {"Computer name, ComputerName: PC-1", "Windows was shut down at 2024-11-02 05:46:40 UTC"} <= set(
        of(found, "message")
    )
    assert of(found, "user.id") == ["S-1-5-21-1"]


def test_a_dirty_hive_names_the_logs_that_came_with_it(tmp_path: Path) -> None:
    path = "Windows/System32/config/SOFTWARE"
    content = hive(made((f"{WINDOWS}\\Run", "x", "sz", "C:\\x.exe")), dirty=True)
    alone = samples.parsed(PARSER, samples.artefact(tmp_path, content, path))
    beside = samples.parsed(PARSER, samples.artefact(tmp_path, content, path, [(f"{path}.LOG1", b"HvLE")]))
    assert "no transaction log came with it" in alone.faults[0].what
    assert "SOFTWARE.LOG1" in beside.faults[0].what
    assert len(beside.records) == 1
    assert beside.facts["dirty"] is True


def test_transaction_logs_are_left_alone(tmp_path: Path) -> None:
    one = samples.artefact(tmp_path, b"x", "Windows/System32/config/SYSTEM")
    log = b"regf" + bytes(24) + b"\6\0\0\0" + bytes(64)
    assert not PARSER.wants(one.item, log)
    assert not PARSER.wants(one.item, b"HvLE" + bytes(64))
    assert PARSER.wants(one.item, hive(made())[:4096])
    assert PARSER.wants(one.item, b"damaged")


def test_a_tree_that_bites_its_tail_ends(tmp_path: Path) -> None:
    content = bytearray(hive(made(("a\\b\\c", "x", "dword", 1))))
    lists = [at for at in range(4096, len(content)) if content[at : at + 4] == b"lf\1\0"]
    outermost = content[lists[-1] + 4 : lists[-1] + 8]
    content[lists[0] + 4 : lists[0] + 8] = outermost
    found = samples.parsed(PARSER, samples.artefact(tmp_path, bytes(content), "x/SOFTWARE"))
    assert found.facts["keys_total"] <= 4


ROOT = made(
    SELECT,
    (f"{WINDOWS}\\Run", "x", "sz", "C:\\x.exe"),
    (f"{SET}\\Services\\Plug", "ImagePath", "expand", "C:\\x.exe"),
    (f"{SET}\\Control\\Lsa", "Authentication Packages", "multi", ["msv1_0", "x"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 255)), max_size=10), cut=st.integers(0, 8192))
def test_no_damage_ends_the_reading(flips: list[tuple[int, int]], cut: int, tmp_path: Path) -> None:
    content = bytearray(hive(ROOT))
    for at, mask in flips:
        content[at] ^= mask
    samples.parsed(PARSER, samples.artefact(tmp_path, bytes(content[:cut]), "x/SYSTEM"))


def expect(facts: dict[str, Any], found: samples.Parsed) -> None:
    """Each fact that an EXPECTED.json states of one hive."""
    rows = {(one.get("registry.key", "").rpartition("\\")[2], one.get("registry.value")): one for one in found.records}
    services = {one["service.name"]: one for one in found.records if one["event.dataset"] == "windows.services"}
    assert found.facts["keys_total"] == facts["keys_total"]
    assert len(services) == facts.get("services_subkeys", 0)
    for name in ("Run", "RunOnce", "Winlogon"):
        for value, data in facts.get(name, {}).items():
            assert rows[name, value]["registry.data.strings"] == [data]
            assert rows[name, value]["threat.technique.id"]
    for image, debugger in facts.get("IFEO_Debugger", {}).items():
        assert rows[image, "Debugger"]["process.command_line"] == debugger
    for service in facts.get("suspicious_services", ()):
        one = services[service["name"]]
        assert (one["process.command_line"], orjson.loads(one["event.original"])["Start"]) == (
            service["ImagePath"], service["Start"],
        )  # fmt: skip
        assert "unusual" in one["tags"]
    for name, library in facts.get("ServiceDll", {}).items():
        assert services[name]["file.path"] == library
    assert {key for key, value in rows if value is None} >= set(facts.get("TaskCache", ()))
    for name in ("ComputerName", "ProductName"):
        told = [one["registry.data.strings"] for (_key, value), one in rows.items() if value == name]
        assert told == ([[facts[name]]] if name in facts else [])


@pytest.mark.shareddata
def test_finds_every_fact_of_the_samples(tmp_path: Path) -> None:
    samples.require()
    for path, facts in samples.expected(samples.AGE)["registry"].items():
        found = samples.parsed(PARSER, samples.artefact(tmp_path, samples.member(samples.AGE, path), path))
        assert found.faults == []
        expect(facts, found)


@pytest.mark.shareddata
def test_one_hive_of_three_is_read_when_two_are_damaged(tmp_path: Path) -> None:
    samples.require()
    read = {}
    for name, content in samples.members("hostile/corrupt_hive.zip").items():
        one = samples.artefact(tmp_path, content, name.removeprefix("C/"))
        assert PARSER.wants(one.item, content[:4096])
        read[name.rpartition("/")[2]] = samples.parsed(PARSER, one)
    assert [(name, fault.where) for name, found in read.items() for fault in found.faults] == [
        ("SAM", "hive"),
        ("SYSTEM", "hive"),
    ]
    assert read["NTUSER.DAT"].facts["keys_total"] == 893
    assert of(read["NTUSER.DAT"], "user.name")
