"""Event logs: what each event means, every fact of the samples, and damage of every kind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.evtx import Evtx, described
from ingestion.evidence.events.base import meanings
from tests.ingestion.evidence.artefacts import samples

EVTX = Evtx()
SECURITY, SYSMON = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Sysmon"
SCM, SCHEDULER = "Service Control Manager", "Microsoft-Windows-TaskScheduler"
SUBJECT = {"SubjectUserSid": "S-1-5-18", "SubjectUserName": "PC02$", "SubjectDomainName": "EXAMPLE"}
TARGET = {"TargetUserSid": "S-1-5-21-1", "TargetUserName": "jdupont", "TargetDomainName": "UNIV"}
RUN = "{}\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\x"
TASK = (
    '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    "<Actions><Exec><Command>C:\\Temp\\a.exe</Command><Arguments>-x 1</Arguments></Exec></Actions></Task>"
)


def raw(source: str | None, code: Any, data: Any = None, *, user_data: Any = None, **system: Any) -> Any:
    """One event as the library gives it."""
    provider = {"#attributes": {"Name": source}} if source is not None else None
    body = {
        "Provider": provider, "EventID": code,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-11-03T10:15:00.123456Z"}},
        "EventRecordID": 42, "Channel": "Security", "Computer": "PC02.example.org", "Security": None, **system,
    }  # fmt: skip
    event = {"#attributes": {}, "System": body}
    event |= {"UserData": user_data} if user_data is not None else {"EventData": data}
    return {"event_record_id": 7, "timestamp": "2026-11-03T10:15:01.0000001Z UTC", "data": json.dumps({"Event": event})}


def meaning(*arguments: Any, **system: Any) -> dict[str, Any]:
    return described(raw(*arguments, **system), meanings())


CASES: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = [
    (SECURITY, 4624, {**SUBJECT, **TARGET, "LogonType": 3, "IpAddress": "::ffff:10.0.2.17", "IpPort": "50175",
                      "ProcessId": "0x1d4", "ProcessName": "C:\\Windows\\System32\\services.exe"},
     {"event.action": "logged-in", "user.name": "jdupont", "user.domain": "UNIV", "user.id": "S-1-5-21-1",
      "source.ip": "10.0.2.17", "source.port": 50175, "winlog.logon.type": "3", "process.pid": 0x1D4,
      "process.name": "services.exe"}),
    (SECURITY, 4625, {**TARGET, "LogonType": 10, "IpAddress": "2001:DB8::1", "Status": "0xc000006d"},
     {"event.action": "logon-failed", "source.ip": "2001:db8::1", "winlog.logon.type": "10"}),
    (SECURITY, 4648, {**SUBJECT, **TARGET, "IpAddress": "127.0.0.1", "IpPort": "0", "TargetServerName": "srv"},
     {"event.action": "logged-in-explicit", "user.name": "jdupont", "source.ip": "127.0.0.1", "source.port": None}),
    (SECURITY, 4672, {**SUBJECT, "PrivilegeList": "SeDebugPrivilege\r\n\t\t\tSeTcbPrivilege"},
     {"user.name": "PC02$", "message": "Special privileges for EXAMPLE\\PC02$: SeDebugPrivilege SeTcbPrivilege"}),
    (SECURITY, 4688, {**SUBJECT, "NewProcessId": "0x10", "NewProcessName": "C:\\a\\b.exe", "ProcessId": "0x4",
                      "CommandLine": "b.exe -q", "ParentProcessName": "C:\\w\\cmd.exe", "TargetUserName": "-"},
     {"process.pid": 16, "process.name": "b.exe", "process.command_line": "b.exe -q", "process.parent.pid": 4,
      "process.parent.name": "cmd.exe", "user.name": "PC02$"}),
    (SECURITY, 4697, {**SUBJECT, "ServiceName": "x", "ServiceFileName": "C:\\Temp\\x.exe"},
     {"service.name": "x", "process.command_line": "C:\\Temp\\x.exe", "threat.technique.id": ["T1543.003"]}),
    (SECURITY, 4698, {**SUBJECT, "TaskName": "\\x", "TaskContent": TASK},
     {"event.action": "scheduled-task-created", "process.command_line": "C:\\Temp\\a.exe -x 1",
      "process.name": "a.exe", "threat.technique.id": ["T1053.005"]}),
    (SECURITY, 4699, {**SUBJECT, "TaskName": "\\x"}, {"event.action": "scheduled-task-deleted"}),
    (SECURITY, 4720, {**SUBJECT, **TARGET, "TargetSid": "S-1-5-21-9"},
     {"event.action": "added-user-account", "user.id": "S-1-5-21-9", "threat.technique.id": ["T1136.001"]}),
    (SECURITY, 4776, {"TargetUserName": "jdupont", "Workstation": "KALI", "Status": "0x0"},
     {"user.name": "jdupont", "message": "NTLM credentials of jdupont checked for KALI, status 0x0"}),
    (SYSMON, 1, {"Image": "C:\\x\\a.exe", "ProcessId": 9, "ParentProcessId": 8, "ParentImage": "C:\\x\\p.exe",
                 "User": "UNIV\\jdupont", "CommandLine": "a.exe 1",
                 "Hashes": "SHA1=" + "A" * 40 + ",MD5=" + "B" * 32 + ",SHA256=" + "C" * 64 + ",IMPHASH=" + "D" * 32},
     {"process.pid": 9, "process.parent.pid": 8, "user.name": "jdupont", "user.domain": "UNIV", "file.name": "a.exe",
      "file.hash.sha1": "a" * 40, "file.hash.md5": "b" * 32, "process.hash.sha256": "c" * 64}),
    (SYSMON, 3, {"Image": "C:\\x\\a.exe", "Protocol": "tcp", "SourceIp": "10.0.2.15", "SourcePort": 49703,
                 "DestinationIp": "203.0.113.45", "DestinationPort": 443, "DestinationHostname": "c2.example.org"},
     {"destination.ip": "203.0.113.45", "destination.port": 443, "network.transport": "tcp",
      "url.domain": "c2.example.org"}),
    (SYSMON, 7, {"ImageLoaded": "C:\\x\\e.dll", "Image": "C:\\x\\a.exe"},
     {"file.path": "C:\\x\\e.dll", "process.name": "a.exe"}),
    (SYSMON, 11, {"TargetFilename": "C:\\x\\dropped.bin", "Image": "C:\\x\\a.exe"}, {"file.name": "dropped.bin"}),
    (SYSMON, 12, {"EventType": "DeleteValue", "TargetObject": RUN.format("HKU\\S")},
     {"registry.value": "x", "threat.technique.id": None}),
    (SYSMON, 13, {"EventType": "SetValue", "Details": "C:\\evil.exe",
                  "TargetObject": RUN.format("HKLM")},
     {"registry.hive": "HKLM", "registry.key": "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run",
      "registry.value": "x", "registry.data.strings": ["C:\\evil.exe"], "threat.technique.id": ["T1547.001"]}),
    (SYSMON, 15, {"TargetFilename": "C:\\x.zip:Zone.Identifier",
                  "Contents": "[ZoneTransfer]\r\nHostUrl=https://a.example/x.zip"},
     {"url.full": "https://a.example/x.zip"}),
    (SYSMON, 22, {"QueryName": "c2.example.org", "QueryResults": "::ffff:203.0.113.45;", "Image": "C:\\a.exe"},
     {"dns.question.name": "c2.example.org"}),
    (SCM, 7045, {"ServiceName": "PSEXESVC", "ImagePath": "%SystemRoot%\\PSEXESVC.exe", "AccountName": "LocalSystem"},
     {"service.name": "PSEXESVC", "user.name": "LocalSystem", "threat.technique.id": ["T1543.003"]}),
    ("Microsoft-Windows-PowerShell", 4103,
     {"ContextInfo": "  Host Application = powershell -enc SQBFAFgA\r\n  User = UNIV\\jdupont"},
     {"process.command_line": "powershell -enc SQBFAFgA", "user.name": "jdupont"}),
    ("Microsoft-Windows-PowerShell", 4104, {"ScriptBlockText": "IEX 1", "MessageNumber": 1, "MessageTotal": 1},
     {"message": "PowerShell script, part 1 of 1: IEX 1", "threat.technique.id": ["T1059.001"]}),
    ("PowerShell", 400, {"Data": {"#text": ["Available", "None", "\tHostApplication=powershell -nop\r\n\tHostId=1"]}},
     {"process.command_line": "powershell -nop"}),
    (SCHEDULER, 106, {"TaskName": "\\x", "UserContext": "PC\\yolo"},
     {"event.action": "scheduled-task-created", "user.name": "yolo", "threat.technique.id": ["T1053.005"]}),
    (SCHEDULER, 129, {"TaskName": "\\x", "Path": "cmd.exe", "ProcessID": 6292}, {"process.pid": 6292}),
    ("Microsoft-Windows-TerminalServices-ClientActiveXCore", 1024, {"Value": "198.51.100.23"},
     {"destination.ip": "198.51.100.23"}),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131, {"ConnType": "TCP", "ClientIP": "198.51.100.23:50123"},
     {"source.ip": "198.51.100.23", "source.port": 50123, "network.transport": "tcp"}),
    ("Microsoft-Windows-Windows Defender", 1116,
     {"Threat Name": "Trojan:Win32/X", "Path": "file:_C:\\x\\a.exe; process:_pid:1"},
     {"rule.name": "Trojan:Win32/X", "file.path": "C:\\x\\a.exe"}),
    ("Microsoft-Windows-Windows Defender", 5001, {}, {"threat.technique.id": ["T1562.001"]}),
    ("Microsoft-Windows-Bits-Client", 59, {"name": "j", "url": "http://a.example/x"}, {"url.full": "http://a.example/x"}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code", "data", "columns"), CASES, ids=lambda value: str(value)[:40])
def test_says_what_an_event_means(source: str, code: int, data: dict[str, Any], columns: dict[str, Any]) -> None:
    found = meaning(source, code, data)
    assert {column: found.get(column) for column in columns} == columns
    assert found["winlog.event_id"] == code
    assert json.loads(found.get("winlog.event_data", "{}")) == data


@pytest.mark.parametrize(
    ("source", "code", "data", "columns"),
    [
        ("Microsoft-Windows-TerminalServices-RemoteConnectionManager", 1149,
         {"EventXML": {"#attributes": {}, "Param1": "jdupont", "Param2": "UNIV", "Param3": "198.51.100.23"}},
         {"user.name": "jdupont", "user.domain": "UNIV", "source.ip": "198.51.100.23"}),
        ("Microsoft-Windows-TerminalServices-LocalSessionManager", 25,
         {"EventXML": {"User": "UNIV\\jdupont", "SessionID": 2, "Address": "198.51.100.23"}},
         {"event.action": "session-reconnected", "source.ip": "198.51.100.23", "user.name": "jdupont"}),
        ("Microsoft-Windows-TerminalServices-LocalSessionManager", 21,
         {"EventXML": {"User": "UNIV\\jdupont", "SessionID": 2, "Address": "LOCAL"}},
         {"event.action": "logged-in-session", "source.ip": None}),
        ("Microsoft-Windows-Eventlog", 1102, {"LogFileCleared": {"#attributes": {}, **SUBJECT}},
         {"event.action": "audit-log-cleared", "user.name": "PC02$", "threat.technique.id": ["T1070.001"]}),
        ("Microsoft-Windows-WMI-Activity", 5861, {"Operation_ESStoConsumerBinding": {"ESS": "f", "CONSUMER": "c"}},
         {"message": "WMI subscription f to c:", "threat.technique.id": ["T1546.003"]}),
    ],
)  # fmt: skip
def test_reads_the_data_of_events_of_their_own_shape(
    source: str, code: int, data: dict[str, Any], columns: dict[str, Any]
) -> None:
    found = meaning(source, code, user_data=data)
    found["message"] = found["message"].strip()
    assert {column: found.get(column) for column in columns} == columns


def test_takes_an_event_as_damage_leaves_it() -> None:
    found = meaning(
        None, {"#attributes": {"Qualifiers": 16384}, "#text": 7036}, Channel=None, TimeCreated=None, Computer=None
    )
    assert found["winlog.event_id"] == 7036
    assert "winlog.channel" not in found
    assert found["@timestamp"] == "2026-11-03T10:15:01.000000Z"
    assert found["message"] == "An unnamed provider 7036: "


def test_an_event_without_data_still_means_what_it_means() -> None:
    assert meaning("Microsoft-Windows-Windows Defender", 5001, None)["event.action"] == "defender-disabled"


def test_an_event_that_nobody_described_shows_its_data() -> None:
    found = meaning("Vendor", 1, {"a": 1, "b": "two\r\nlines"})
    assert found["message"] == "Vendor 1: a=1, b=two lines"


def log(archive: str, name: str, folder: Path) -> samples.Parsed:
    path = f"Windows/System32/winevt/Logs/{name}"
    return samples.parsed(EVTX, samples.artefact(folder, samples.member(archive, path), path))


@pytest.mark.shareddata
@pytest.mark.parametrize("archive", [samples.AGE, samples.VELOCIRAPTOR])
def test_finds_every_event_of_the_samples(archive: str, tmp_path: Path) -> None:
    samples.require()
    told = samples.expected(archive)
    remote: Counter[tuple[str, str, str]] = Counter()
    for name, facts in told["evtx"].items():
        found = log(archive, name, tmp_path)
        counts = Counter(str(one["winlog.event_id"]) for one in found.records)
        stamps = sorted(one["@timestamp"] for one in found.records)
        assert (counts, found.faults) == (facts["by_event_id"], [])
        assert (len(found.records), stamps[0], stamps[-1]) == (facts["events"], facts["first"], facts["last"])
        assert found.facts["events"] == facts["events"]
        assert found.facts["by_event_id"] == facts["by_event_id"]
        remote.update(
            (one["user.name"], one["source.ip"], one["winlog.logon.type"])
            for one in found.records
            if one["winlog.event_id"] == 4624 and one.get("source.ip", "127.0.0.1") not in {"127.0.0.1", "::1"}
        )
    expected = told["logon_4624_remote"]
    assert remote == {(one["user"], one["source_ip"], one["logon_type"]): one["count"] for one in expected}


@pytest.mark.shareddata
def test_keeps_the_good_chunks_of_a_damaged_log(tmp_path: Path) -> None:
    samples.require()
    logs = samples.members("hostile/corrupt_evtx.zip")
    read = {
        name[-12:]: samples.parsed(EVTX, samples.artefact(tmp_path, content, name)) for name, content in logs.items()
    }
    damaged, cut, empty = read["ecurity.evtx"], read["/System.evtx"], read["ication.evtx"]
    assert len(damaged.records) >= 270
    assert [fault.where for fault in damaged.faults] == [
        f"chunk at {at}" for at in (4096, 397312, 462848, 593920, 659456)
    ]
    assert len(cut.records) >= 67
    assert "cut off" in cut.faults[0].what
    assert (empty.records, empty.faults[0].what) == ([], "it holds no chunk of records")


@pytest.mark.shareddata
@pytest.mark.parametrize("damage", ["its head", "a record", "a chunk's head"])
def test_reads_on_after_damage(damage: str, tmp_path: Path) -> None:
    samples.require()
    content = bytearray(samples.member(samples.AGE, "Logs/Security.evtx"))
    at, least = {"its head": (0, 18), "a record": (content.index(b"**\0\0", 7000), 17), "a chunk's head": (4096, 18)}[
        damage
    ]
    content[at : at + 16] = bytes(16)
    found = samples.parsed(EVTX, samples.artefact(tmp_path, bytes(content), "x.evtx"))
    assert len(found.records) >= least
    assert found.faults


@pytest.mark.shareddata
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 69631), st.integers(1, 255)), max_size=12), cut=st.integers(0, 69632))
def test_no_damage_ends_the_reading(flips: list[tuple[int, int]], cut: int, tmp_path: Path) -> None:
    samples.require()
    content = bytearray(samples.member(samples.AGE, "Sysmon%4Operational.evtx"))
    for at, mask in flips:
        content[at] ^= mask
    samples.parsed(EVTX, samples.artefact(tmp_path, bytes(content[:cut]), "x.evtx"))
