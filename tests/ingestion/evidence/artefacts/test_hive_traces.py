"""Traces in the registry of what ran, was plugged in, was typed: each from a hive made for it."""

from __future__ import annotations

import codecs
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.hive import Registry
from ingestion.evidence.hives.shimcache import entries
from tests.ingestion.evidence.artefacts import samples
from tests.ingestion.evidence.artefacts.making_hives import TICKS, Made, hive, made

PARSER = Registry()
INSTANT = "2024-11-02T05:46:40.000000Z"
LATER = TICKS + 36_000_000_000
"""An hour after the key was written."""
AN_HOUR_LATER = "2024-11-02T06:46:40.000000Z"
EVIL = "C:\\Windows\\Temp\\evil.exe"
SELECT = ("Select", "Current", "dword", 1)
SET, EXPLORER = "ControlSet001", "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer"


def read(folder: Path, root: Made) -> samples.Parsed:
    return samples.parsed(PARSER, samples.artefact(folder, hive(root), "Users/jdupont/NTUSER.DAT"))


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def seven(*paths: str, pointer: int) -> bytes:
    size = 48 if pointer == 8 else 32
    head = struct.pack("<II", 0xBADC0FEE, len(paths)).ljust(128, b"\0")
    table, texts = b"", b""
    for path in paths:
        at = 128 + size * len(paths) + len(texts)
        names = struct.pack("<HH", len(wide(path)), len(wide(path)) + 2)
        place = struct.pack("<IQ", 0, at) if pointer == 8 else struct.pack("<I", at)
        table += (names + place + struct.pack("<QII", LATER, 0, 0)).ljust(size, b"\0")
        texts += wide(path)
    return head + table + texts


def listed(*paths: str, head: int, packages: bool) -> bytes:
    content = struct.pack("<I", head).ljust(head, b"\0")
    for path in paths:
        body = struct.pack("<H", len(wide(path))) + wide(path)
        body += struct.pack("<HII", 0, 0, 0) if packages else b""
        body += struct.pack("<QI", LATER, 0)
        content += b"10ts" + struct.pack("<II", 0, len(body)) + body
    return content


SHIMS = {
    "7, 32 bits": seven(EVIL, "\\??\\C:\\b.exe", pointer=4),
    "7, 64 bits": seven(EVIL, "\\??\\C:\\b.exe", pointer=8),
    "8.1": listed(EVIL, "C:\\b.exe", head=0x80, packages=True),
    "10": listed(EVIL, "C:\\b.exe", head=0x30, packages=False),
    "11": listed(EVIL, "C:\\b.exe", head=0x34, packages=False),
}


@pytest.mark.parametrize("windows", SHIMS)
def test_reads_the_shim_cache_of_each_windows(windows: str, tmp_path: Path) -> None:
    path = f"{SET}\\Control\\Session Manager\\AppCompatCache"
    found = read(tmp_path, made(SELECT, (path, "AppCompatCache", "binary", SHIMS[windows])))
    first, second = found.records
    assert (first["file.path"], first["@timestamp"], first["tags"]) == (EVIL, AN_HOUR_LATER, ["unusual"])
    assert first["event.dataset"] == "windows.shimcache"
    assert second["file.path"] == "C:\\b.exe"
    assert found.faults == []


def test_a_shim_cache_of_no_known_format_is_told(tmp_path: Path) -> None:
    path = f"{SET}\\Control\\Session Manager\\AppCompatCache"
    found = read(tmp_path, made(SELECT, (path, "AppCompatCache", "binary", b"\1\2\3\4" * 40)))
    assert found.records == []
    assert found.faults[0].what == "the cache cannot be read on: its format 0x04030201 is not known"


@settings(max_examples=40, deadline=None)
@given(
    content=st.sampled_from(sorted(SHIMS.values())),
    at=st.integers(4, 400),
    mask=st.integers(1, 255),
    cut=st.integers(0, 400),
)
def test_a_damaged_shim_cache_ends(content: bytes, at: int, mask: int, cut: int) -> None:
    damaged = bytearray(content)
    damaged[at % len(damaged)] ^= mask
    try:
        assert len(list(entries(bytes(damaged[: len(damaged) - cut % len(damaged)])))) <= 20_000
    except (ValueError, struct.error):
        return


def test_reads_amcache_as_it_is_and_as_it_was(tmp_path: Path) -> None:
    new, old = "Root\\InventoryApplicationFile\\evil.exe|1", "Root\\File\\volume\\1"
    found = read(
        tmp_path,
        made(
            (new, "LowerCaseLongPath", "sz", EVIL.lower()),
            (new, "FileId", "sz", "0000" + "AB" * 20),
            (new, "Size", "sz", "1234"),
            (old, "15", "sz", EVIL),
            (old, "101", "sz", "0000" + "cd" * 20),
            (old, "6", "dword", 99),
            (old, "11", "qword", LATER),
            ("Root\\InventoryApplication\\p", "Name", "sz", "AnyDesk"),
            ("Root\\InventoryDriverBinary\\c:/windows/temp/x.sys", "DriverId", "sz", "0000" + "ef" * 20),
        ),
    )
    by_hash = {one.get("file.hash.sha1"): one for one in found.records}
    assert {one["event.dataset"] for one in found.records} == {"windows.amcache"}
    assert (by_hash["ab" * 20]["file.path"], by_hash["ab" * 20]["file.size"]) == (EVIL.lower(), 1234)
    assert (by_hash["cd" * 20]["file.size"], by_hash["cd" * 20]["@timestamp"]) == (99, AN_HOUR_LATER)
    assert by_hash["ef" * 20]["file.name"] == "x.sys"
    assert by_hash[None]["message"] == "Installed: AnyDesk  of nobody named"
    assert found.facts["hive"] == "AMCACHE"


def test_reads_what_the_desktop_counted(tmp_path: Path) -> None:
    name = codecs.encode("{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\cmd.exe", "rot13")
    counted = struct.pack("<II", 0, 7).ljust(60, b"\0") + struct.pack("<QI", LATER, 0)
    before = struct.pack("<IIQ", 1, 8, LATER)
    found = read(
        tmp_path,
        made(
            (f"{EXPLORER}\\UserAssist\\{{CEBFF5CD}}\\Count", name, "binary", counted),
            (f"{EXPLORER}\\UserAssist\\{{75048700}}\\Count", codecs.encode(EVIL, "rot13"), "binary", before),
            (f"{EXPLORER}\\UserAssist\\{{75048700}}\\Count", "HRZR_PGYFRFFVBA", "binary", b"12345678"),
        ),
    )
    new, old = found.records
    assert new["message"] == "Program run 7 times: C:\\Windows\\System32\\cmd.exe"
    assert (new["@timestamp"], new["timestamp_desc"], new["user.name"]) == (
        AN_HOUR_LATER,
        "program last run",
        "jdupont",
    )
    assert (old["process.name"], old["tags"]) == ("evil.exe", ["unusual"])
    assert old["message"].startswith("Program run 3 times")


def test_reads_what_ran_in_the_background(tmp_path: Path) -> None:
    key = f"{SET}\\Services\\bam\\State\\UserSettings\\S-1-5-21-1"
    path = "\\Device\\HarddiskVolume3\\Windows\\Temp\\evil.exe"
    found = read(
        tmp_path,
        made(SELECT, (key, path, "binary", struct.pack("<Q", LATER).ljust(24, b"\0")), (key, "Version", "dword", 1)),
    )
    run = next(one for one in found.records if one.get("event.action") == "program-run")
    assert (run["process.name"], run["user.id"], run["@timestamp"]) == ("evil.exe", "S-1-5-21-1", AN_HOUR_LATER)


def test_reads_devices_and_networks(tmp_path: Path) -> None:
    device = f"{SET}\\Enum\\USBSTOR\\Disk&Ven_HP\\AA951D&0"
    profile = "Microsoft\\Windows NT\\CurrentVersion\\NetworkList\\Profiles\\{1}"
    found = read(
        tmp_path,
        made(
            SELECT,
            (device, "FriendlyName", "sz", "HP v100w"),
            (
                f"{device}\\Properties\\{{83da6326-97a6-4088-9453-a1923f573b29}}\\0066",
                "",
                "binary",
                struct.pack("<Q", LATER),
            ),
            (profile, "ProfileName", "sz", "eduroam"),
            (profile, "DateCreated", "binary", struct.pack("<8H", 2026, 10, 4, 29, 8, 15, 0, 0)),
            (f"{SET}\\Services\\Tcpip\\Parameters\\Interfaces\\{{1}}", "DhcpIPAddress", "sz", "10.3.58.5"),
            (f"{SET}\\Services\\Tcpip\\Parameters\\Interfaces\\{{1}}", "NameServer", "sz", ""),
        ),
    )
    told = {one["message"]: one["@timestamp"] for one in found.records}
    assert told["USB storage HP v100w, serial number AA951D&0"] == INSTANT
    assert told["USB storage HP v100w, serial number AA951D&0: device last plugged in"] == AN_HOUR_LATER
    assert "Network eduroam, first connected 2026-10-29 08:15:00, last never (local time)" in told
    assert [one for one in told if "interface" in one] == ["Network interface {1}, DhcpIPAddress: 10.3.58.5"]


@pytest.mark.parametrize(
    ("path", "name", "kind", "data", "columns"),
    [
        (f"{EXPLORER}\\RunMRU", "a", "sz", "cmd /c x\\1", {"process.command_line": "cmd /c x"}),
        (f"{EXPLORER}\\TypedPaths", "url1", "sz", "\\\\srv\\c$", {"registry.data.strings": ["\\\\srv\\c$"]}),
        (f"{EXPLORER}\\RecentDocs", "0", "binary", wide("notes.txt\0") + b"\x14\0\0\0",
         {"message": "Opened: notes.txt"}),
        (f"{EXPLORER}\\WordWheelQuery", "0", "binary", wide("password\0"), {"message": "Searched for: password"}),
        ("Software\\Microsoft\\Internet Explorer\\TypedURLs", "url1", "sz", "http://a.example/",
         {"url.full": "http://a.example/"}),
        ("Software\\Microsoft\\Terminal Server Client\\Default", "MRU0", "sz", "198.51.100.23:3390",
         {"destination.ip": "198.51.100.23"}),
        ("Software\\Microsoft\\Terminal Server Client\\Servers\\srv.example.org", "UsernameHint", "sz", "UNIV\\admin",
         {"url.domain": "srv.example.org",
          "message": "Gone to by Remote Desktop: srv.example.org as UNIV\\admin"}),
    ],
)  # fmt: skip
def test_reads_what_was_typed_and_opened(
    path: str, name: str, kind: str, data: Any, columns: dict[str, Any], tmp_path: Path
) -> None:
    found = read(tmp_path, made((path, name, kind, data), (path, "MRUList", "sz", "a")))
    one = next(record for record in found.records if record["registry.value"] == name)
    assert {column: one.get(column) for column in columns} == columns
    assert len(found.records) == 1


@pytest.mark.shareddata
def test_reads_the_traces_of_the_samples(tmp_path: Path) -> None:
    samples.require()
    content = samples.member(samples.AGE, "Windows/System32/config/SYSTEM")
    system = samples.parsed(PARSER, samples.artefact(tmp_path, content, "Windows/System32/config/SYSTEM"))
    shims = [one for one in system.records if one["event.dataset"] == "windows.shimcache"]
    assert len(shims) > 300
    assert all(one["file.path"].count("\\") for one in shims if one.get("file.path", "\\").startswith("C:"))
    content = samples.member(samples.AGE, "Amcache.hve")
    amcache = samples.parsed(PARSER, samples.artefact(tmp_path, content, "Windows/AppCompat/Programs/Amcache.hve"))
    assert sum(1 for one in amcache.records if one.get("file.hash.sha1")) == 30
