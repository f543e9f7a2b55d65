"""SRUM: what programs sent, received and computed, by databases that are whole, in use, damaged and hostile."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence import ese
from ingestion.evidence.artefacts import srum
from ingestion.evidence.artefacts.srum import Srum
from ingestion.evidence.moments import ole
from tests.ingestion.evidence.artefacts import samples
from tests.ingestion.evidence.artefacts.making_ese import CATALOGUE, DIRTY, Made, database
from tests.ingestion.evidence.test_running import processed

PARSER = Srum()
PATH = "Windows/System32/sru/SRUDB.dat"
NAMES = "SruDbIdMapTable"
USAGE, CONNECTION, WORK = (kind.table for kind in srum._KINDS)
WHEN = 46329 + 10.25 / 24
"""2026-11-03T10:15:00Z."""
ALICE = bytes([1, 5, 0, 0, 0, 0, 0, 5]) + struct.pack("<5I", 21, 1, 2, 3, 1001)
EXE = "\\device\\harddiskvolume3\\users\\public\\rclone.exe"
_LONGS = {"AutoIncId", "AppId", "UserId", "L2ProfileId", "L2ProfileFlags", "ConnectedTime"}


def name(number: int, said: str | bytes, kind: int = 0) -> dict[str, Any]:
    blob = said if isinstance(said, bytes) else f"{said}\0".encode("utf-16-le")
    return {"IdType": kind, "IdIndex": number, "IdBlob": blob}


def names(*rows: dict[str, Any]) -> Made:
    return Made({"IdType": "byte", "IdIndex": "long", "IdBlob": "blob"}, list(rows))


def table(kind: srum._Kind, *rows: dict[str, Any]) -> Made:
    """Rows of that kind; what they do not say is 0, of program 1 and user 2 in November."""
    types = {one: "date" if one == "TimeStamp" else "long" if one in _LONGS else "longlong" for one in kind.columns}
    usual = {**dict.fromkeys(types, 0), "TimeStamp": WHEN, "AppId": 1, "UserId": 2}
    return Made(types, [{**usual, "AutoIncId": at, **row} for at, row in enumerate(rows, 1)])


def tables(*usages: dict[str, Any], named: Made | None = None) -> dict[str, Made]:
    made = {NAMES: named or names(name(1, EXE), name(2, ALICE, 3))}
    return made | {USAGE: table(srum._KINDS[0], *(usages or [{}]))}


def read(folder: Path, content: bytes) -> samples.Parsed:
    return samples.parsed(PARSER, samples.artefact(folder, content, PATH))


def flipped(content: bytes, page: int, offset: int, new: bytes) -> bytes:
    """The database with other bytes at a place of a page of 4096 bytes."""
    at = (page + 1) * 4096 + offset
    return content[:at] + new + content[at + len(new) :]


@pytest.mark.parametrize("page_size", [4096, 8192, 32768])
def test_says_who_sent_how_much_when(page_size: int, tmp_path: Path) -> None:
    row = {"BytesSent": 5_000_000_000, "BytesRecvd": 12, "InterfaceLuid": 71 << 48, "L2ProfileId": 268}
    content = database(tables(row), page_size=page_size)
    found = read(tmp_path, content)
    (usage,) = found.records
    assert PARSER.wants(samples.artefact(tmp_path, content, PATH).item, content[:4096])
    assert usage["@timestamp"] == "2026-11-03T10:15:00.000000Z"
    assert (usage["event.dataset"], usage["event.action"]) == ("windows.srum", "network-usage")
    assert (usage["process.executable"], usage["process.name"]) == (EXE, "rclone.exe")
    assert usage["user.id"] == "S-1-5-21-1-2-3-1001"
    assert usage["message"] == f"{EXE} sent 5000000000 bytes and received 12 over Wi-Fi"
    told = orjson.loads(usage["event.original"])
    assert (told["AutoIncId"], told["BytesSent"], told["L2ProfileId"]) == (1, 5_000_000_000, 268)
    assert "App" not in told
    assert found.faults == []
    assert found.facts == {
        "network-usage": 1, "network-connection": 0, "program-usage": 0, "names": 2, "dirty": False,
    }  # fmt: skip


def test_says_how_long_it_was_connected_and_what_programs_did(tmp_path: Path) -> None:
    start = {"ConnectedTime": 3600, "ConnectStartTime": 134_066_592_000_000_000, "InterfaceLuid": 6 << 48}
    work = {"ForegroundCycleTime": 7, "BackgroundCycleTime": 8, "ForegroundBytesRead": 1, "BackgroundBytesRead": 2,
            "BackgroundBytesWritten": 4}  # fmt: skip
    made = tables() | {CONNECTION: table(srum._KINDS[1], start), WORK: table(srum._KINDS[2], work)}
    _usage, connection, worked = read(tmp_path, database(made)).records
    assert connection["message"] == "Connected for 3600 seconds since 2025-11-03 16:00:00 UTC over Ethernet"
    assert connection["event.category"] == ["network"]
    assert worked["message"] == f"{EXE} took 7 cycles in front and 8 behind, read 3 bytes and wrote 4"
    assert (worked["event.category"], worked["event.action"]) == (["process"], "program-usage")
    assert orjson.loads(worked["event.original"])["BackgroundBytesWritten"] == 4


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (name(1, "!!svchost.exe!2026/10/01:02:03:04!1a2b3!"), {"process.name": "svchost.exe"}),
        (name(1, "Dnscache", 1), {"service.name": "Dnscache"}),
        (name(1, "Contoso.App_1.0_x64__8wekyb3d8bbwe", 2), {"process.name": "Contoso.App_1.0_x64__8wekyb3d8bbwe"}),
        (name(1, "System"), {"process.name": "System"}),
        (name(1, "two\r\nlines.exe"), {"process.name": "two\r\nlines.exe"}),
        (name(1, ""), {}),
        (name(7, "another"), {}),
        (name(1, b"") | {"IdBlob": None}, {}),
    ],
)
def test_a_program_is_a_path_a_name_a_service_or_a_package(
    row: dict[str, Any], fields: dict[str, str], tmp_path: Path
) -> None:
    found = read(tmp_path, database(tables(named=names(row))))
    (usage,) = found.records
    held = {one for one in usage if one.startswith(("process.", "service.")) or one == "user.id"}
    assert {one: usage[one] for one in held} == fields
    who = next(iter(fields.values()), "program 1").replace("\r\n", " ")
    assert usage["message"] == f"{who} sent 0 bytes and received 0"
    whole = {"svchost.exe": "!!svchost.exe!2026/10/01:02:03:04!1a2b3!"}
    assert orjson.loads(usage["event.original"]).get("App") == whole.get(who)
    assert found.faults == []


def test_a_catalogue_beyond_any_real_one_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ese, "CATALOGUE_MAX", 4)  # the table of names and its columns
    found = read(tmp_path, database(tables()))
    assert [one.where for one in found.faults] == ["catalogue", "catalogue"]
    assert (found.records, found.facts["names"]) == ([], 2)


def test_reads_trees_of_several_floors_in_their_order(tmp_path: Path) -> None:
    content = database(tables(*({"BytesSent": at} for at in range(12_000))))
    found = read(tmp_path, content)
    sent = [orjson.loads(one["event.original"])["BytesSent"] for one in found.records]
    assert len(content) > 4096 * 250  # more leaves than one page can name
    assert sent == list(range(12_000))
    assert found.faults == []


def test_a_row_that_is_marked_deleted_is_told_as_such(tmp_path: Path) -> None:
    made = tables({}, {})
    made[USAGE].deleted = frozenset({1})
    assert [one.get("tags") for one in read(tmp_path, database(made)).records] == [None, ["deleted"]]


def test_a_database_in_use_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, database(tables(), state=DIRTY))
    assert [fault.what for fault in found.faults] == [
        "the database was in use: its last changes are in its logs, which are not read"
    ]
    assert (len(found.records), found.facts["dirty"]) == (1, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ", "it ends within its header"),
        (bytes(4096), "it is no ESE database of a known version"),
        (flipped(database(tables()), -1, 4, b"\0"), "it is no ESE database of a known version"),
        (flipped(database(tables()), -1, 232, b"\2\0"), "it is no ESE database of a known version"),
        (flipped(database(tables()), -1, 236, b"\7\0\0\x7f"), "no such database has pages of 2130706439 bytes"),
    ],
)
def test_what_is_no_such_database_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    found = read(tmp_path, content)
    assert (found.records, [(one.where, one.what) for one in found.faults]) == ([], [("header", said)])


def test_another_file_is_not_wanted(tmp_path: Path) -> None:
    content = database(tables())
    other = samples.artefact(tmp_path, content, "Users/a/AppData/Local/Microsoft/Windows/WebCache/WebCacheV01.dat")
    assert not PARSER.wants(other.item, content[:4096])
    assert not PARSER.wants(samples.artefact(tmp_path, b"", PATH).item, b"")


def test_a_bad_page_costs_its_rows_alone(tmp_path: Path) -> None:
    content = database(tables(*({"BytesSent": at} for at in range(200))))
    whole = read(tmp_path, content).records
    lost = [one for one in whole if "|66." in one["iocmarket.offset_or_record"]]
    found = read(tmp_path, flipped(content, 66, 0, bytes(4096)))
    assert 0 < len(lost) < 200
    assert len(found.records) == 200 - len(lost)
    assert [(one.where, one.what) for one in found.faults] == [
        ("network-usage, page 66", "it cannot be read: it belongs to another table")
    ]


def test_a_bad_row_costs_itself_alone(tmp_path: Path) -> None:
    content = database(tables({}, {}, {}))
    found = read(tmp_path, flipped(content, 33, 4096 - 4 * 3, b"\0\0"))  # the size of the second one
    assert (len(found.records), len(found.faults)) == (2, 1)
    assert found.faults[0].where == "network-usage, page 33, row 1"


def test_a_tree_that_leads_in_circles_ends(tmp_path: Path) -> None:
    content = database(tables(*({} for _ in range(200))))
    child = content.index(struct.pack("<I", 65), (33 + 1) * 4096 + 40)
    for leads_to in (33, 64, 2**32 - 1):
        bad = content[:child] + struct.pack("<I", leads_to) + content[child + 4 :]
        found = read(tmp_path, bad)
        assert 0 < len(found.records) < 200
        assert [one.what for one in found.faults] == [
            f"it cannot be read: it leads to page {leads_to}, which was read or does not exist"
        ]


def test_a_table_without_one_of_its_columns_is_not_read_wrongly(tmp_path: Path) -> None:
    """Where a value stands follows from the columns before it."""
    made = tables() | {CONNECTION: table(srum._KINDS[1], {})}
    content = database(made)
    at = content.index(b"AppId", (CATALOGUE + 1) * 4096)  # that of the first table
    head = content.rindex(struct.pack("<ihi", 11, 2, 3), 0, at)
    found = read(tmp_path, content[: head + 4] + b"\7" + content[head + 5 :])
    assert [one["event.action"] for one in found.records] == ["network-connection"]
    assert [(one.where, one.what) for one in found.faults] == [
        (USAGE, "it cannot be read: the catalogue lacks some of its columns")
    ]


def test_without_names_the_numbers_are_left(tmp_path: Path) -> None:
    made = tables({"AppId": 5})
    del made[NAMES]
    found = read(tmp_path, database(made))
    assert found.records[0]["message"] == "program 5 sent 0 bytes and received 0"
    assert [one.where for one in found.faults] == [NAMES]


def test_without_any_table_it_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, database({"MSysLocales": names()}))
    assert [one.where for one in found.faults] == [NAMES, "catalogue"]


@pytest.mark.parametrize(
    ("row", "flags", "said"),
    [
        (name(1, b"\x18\xff\xff" + bytes(40)), 3, "it is packed in a way that is not unpacked here"),
        (name(1, b"\1\2\3\4"), 5, "it is kept apart from its row, encrypted or several at once"),
        (name(1, b"\2\0\x18\xff\xff" + bytes(40)), 11, "it is kept apart from its row, encrypted or several at once"),
        (name(1, "a" * 1024), 1, "it is longer than any real one"),
        (name(2, b"\1\5\0\0", 3), 1, "it is no SID"),
        (name(2, b"\1\x10" + bytes(70), 3), 1, "it is no SID"),
        (name(2, b"\1\5" + bytes(10), 3), 1, "it is no SID"),
    ],
)
def test_a_bad_name_costs_itself_alone(row: dict[str, Any], flags: int, said: str, tmp_path: Path) -> None:
    content = database(tables(named=names(row, name(3, "next.exe"))))
    at = content.index(b"\1" + row["IdBlob"], (32 + 1) * 4096)
    found = read(tmp_path, content[:at] + bytes([flags]) + content[at + 1 :])
    assert [(one.where, one.what) for one in found.faults] == [(f"{NAMES}, row 32.0", f"it cannot be read: {said}")]
    assert (len(found.records), found.facts["names"]) == (1, 1)


def test_a_packed_name_is_unpacked(tmp_path: Path) -> None:
    letters = sum(ord(one) << 7 * at for at, one in enumerate("pscp.exe"))  # 8 letters of 7 bits are 7 bytes
    packed = b"\x17" + letters.to_bytes(7, "little")
    content = database(tables(named=names(name(1, packed))))
    at = content.index(b"\1" + packed)
    found = read(tmp_path, content[:at] + b"\3" + content[at + 1 :])
    assert found.records[0]["process.name"] == "pscp.exe"


def test_rows_and_names_beyond_any_real_count_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srum, "ROWS_MAX", 2)
    monkeypatch.setattr(srum, "NAMES_MAX", 1)
    found = read(tmp_path, database(tables({}, {}, {})))
    assert [one.where for one in found.faults] == [NAMES, "network-usage"]
    assert (len(found.records), found.facts["names"]) == (2, 1)
    monkeypatch.setattr(srum, "NAMES_MAX", 9)
    monkeypatch.setattr(srum, "NAMES_BYTES_MAX", 50)
    assert read(tmp_path, database(tables())).facts["names"] == 1


@pytest.mark.parametrize("days", [0.0, -1.0, 1e300, float("inf"), float("nan")])
def test_what_is_no_time_is_none(days: float) -> None:
    assert ole(struct.unpack("<q", struct.pack("<d", days))[0]) is None


def test_a_row_without_a_time_is_a_state_and_one_without_a_program_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, database(tables({"TimeStamp": 0.0}, {"AppId": None})))
    assert [(one["@timestamp"], one["event.kind"]) for one in found.records] == [(None, "state")]
    assert [one.what for one in found.faults] == ["it cannot be read: it has no time or no program"]


WHOLE = {size: database(
    tables(*({} for _ in range(60))) | {WORK: table(srum._KINDS[2], {}, {})}, page_size=size
) for size in (4096, 32768)}  # fmt: skip
USED = {size: [at for at, byte in enumerate(content) if byte] for size, content in WHOLE.items()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.sampled_from([4096, 32768]))
def test_no_damage_ends_the_reading(data: st.DataObject, size: int, tmp_path: Path) -> None:
    content = bytearray(WHOLE[size])
    flips = st.lists(st.tuples(st.sampled_from(USED[size]), st.integers(1, 255)), max_size=8)
    for at, mask in data.draw(flips):
        content[at] ^= mask
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    samples.parsed(PARSER, samples.artefact(tmp_path, bytes(content[:cut]), PATH))


def test_the_confined_child_reads_it(tmp_path: Path) -> None:
    source = tmp_path / "2026-11-03T101500_PC-9.zip"
    with zipfile.ZipFile(source, "w") as file:
        file.writestr(f"C/{PATH}", database(tables(*({} for _ in range(500)))))
    manifest = processed(source, tmp_path / "case").manifest
    assert manifest["datasets"] == {"windows.srum": 500}
    assert (manifest["errors"], manifest["states"]) == (0, {"parsed": 1})
