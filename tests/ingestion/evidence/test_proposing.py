"""Which values of records stand out, why, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ingestion.evidence.proposing import MOST, candidates

EARLY, LATE = datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 2, 3, tzinfo=UTC)
SHA256 = "871072f89618d2abab66e06ce596a2938bb122dffc1c555613762dcc65931dcf"


def row(dataset: str, **more: Any) -> dict[str, Any]:
    return {"event.dataset": dataset, "iocmarket.artifact_path": f"{dataset}.csv", **more}


def connection(address: str, program: str, at: datetime = EARLY) -> dict[str, Any]:
    return row("live.network", **{"destination.ip": address, "process.name": program, "@timestamp": at})


def told(records: list[dict[str, Any]], suspects: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    return [(one.type, one.value, one.why) for one in candidates(records, suspects=suspects)]


def test_a_collected_program_is_proposed_by_its_hash_and_name() -> None:
    records = [row("file.suspicious", **{"file.name": "odupd.exe", "file.hash.sha256": SHA256})]
    assert told(records) == [("filename", "odupd.exe", "suspicious_file"), ("sha256", SHA256, "suspicious_file")]


def test_addresses_among_its_strings_are_proposed_but_not_every_word() -> None:
    common = {"event.action": "contains", "event.original": "evil-panel.top"}
    assert told([row("file.suspicious", tags=["domain"], **common)]) == [("domain", "evil-panel.top", "in_file")]
    assert told([row("file.suspicious", tags=["mutex"], **common)]) == []


def test_a_connection_of_a_collected_program_comes_before_that_of_a_browser() -> None:
    records = [connection("45.9.20.1", "chrome.exe"), connection("45.9.20.2", "ODUPD.exe")]
    assert told(records, ("odupd.exe",)) == [
        ("ipv4", "45.9.20.2", "connection_of_file"), ("ipv4", "45.9.20.1", "connection"),
    ]  # fmt: skip


def test_one_value_is_one_candidate_with_its_count_and_instants() -> None:
    (found,) = candidates([connection("45.9.20.1", "a.exe", LATE), connection("45.9.20.1", "b.exe", EARLY)])
    assert (found.count, found.first, found.last, found.datasets) == (2, EARLY, LATE, {"live.network"})


def test_a_command_that_comes_back_gives_itself_its_task_and_its_addresses() -> None:
    line = "C:\\Users\\Public\\a.exe --c2 https://evil-panel.top/b"
    task = row(
        "windows.scheduled_task", tags=["persistence", "unusual"],
        **{"process.command_line": line, "iocmarket.offset_or_record": "\\Maj|0"},
    )  # fmt: skip
    assert set(told([task])) == {
        ("command-line", line, "persistence"), ("scheduled-task", "\\Maj", "persistence"),
        ("url", "https://evil-panel.top/b", "in_command"),
    }  # fmt: skip
    assert told([{**task, "tags": ["persistence"]}]) == []


def test_powershell_is_proposed_only_where_it_stands_out() -> None:
    said = {"event.action": "executed-command", "process.command_line": "powershell Get-Date"}
    assert told([row("windows.evtx", **said)]) == []
    said["process.command_line"] = "powershell -enc SQBFAFgA"
    assert told([row("windows.evtx", **said)]) == [("command-line", "powershell -enc SQBFAFgA", "powershell")]


def test_what_is_no_indicator_is_told_with_the_reason() -> None:
    (found,) = candidates([row("windows.evtx", **{"dns.question.name": "printer.lan"})])
    assert (found.canonical, found.refusal.code if found.refusal else "") == (None, "unknown_tld")


def test_a_flood_of_values_stays_a_list_that_people_read() -> None:
    flood = [connection(f"45.{n // 250 % 250}.{n % 250}.9", "a.exe") for n in range(7000)]
    assert len(candidates(flood)) == MOST
