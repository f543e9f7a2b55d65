"""What each family finds, and what of a machine as it was bought it leaves alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestion.evidence.findings.base import Found, findings

NT = r"Microsoft\Windows NT\CurrentVersion"
ODD = r"C:\Users\Public\a.exe"


def value(key: str, name: str, data: str, technique: str) -> dict[str, Any]:
    return {
        "event.id": "a" * 32, "event.dataset": "windows.registry", "event.action": "persistence",
        "registry.hive": "SOFTWARE", "registry.key": key, "registry.value": name, "registry.data.strings": [data],
        "process.command_line": data, "threat.technique.id": [technique],
    }  # fmt: skip


def service(name: str, *runs: str) -> dict[str, Any]:
    return {
        "event.id": "b" * 32, "event.dataset": "windows.services", "service.name": name,
        "registry.data.strings": list(runs), "threat.technique.id": ["T1543.003"],
    }  # fmt: skip


def event(number: int, technique: str, **more: Any) -> dict[str, Any]:
    given = {name.replace("__", "."): said for name, said in more.items()}
    return {
        "event.id": "c" * 32, "event.dataset": "windows.evtx", "winlog.event_id": number,
        "threat.technique.id": [technique], **given,
    }  # fmt: skip


def file(path: str) -> dict[str, Any]:
    return {"event.id": "d" * 32, "event.dataset": "ntfs.mft", "file.path": path}


def one(record: dict[str, Any]) -> Found:
    [found] = findings([record])
    assert found.records == (record["event.id"],)
    return found


ODDITIES = [
    (value(r"Microsoft\Windows\CurrentVersion\Run", "Up", ODD, "T1547.001"), "run-keys", "T1547.001"),
    (value(r"Wow6432Node\Microsoft\Windows\CurrentVersion\RunOnce", "Up", ODD, "T1547.001"), "run-keys", "T1547.001"),
    (value("Environment", "UserInitMprLogonScript", "a.bat", "T1037.001"), "run-keys", "T1037.001"),
    (value(rf"{NT}\Winlogon", "Shell", "explorer.exe,a.exe", "T1547.004"), "winlogon", "T1547.004"),
    (value(rf"{NT}\Winlogon\Notify\x", "DLLName", "a.dll", "T1547.004"), "winlogon", "T1547.004"),
    (value(rf"{NT}\Image File Execution Options\sethc.exe", "Debugger", "cmd.exe", "T1546.012"), "image-options",
     "T1546.012"),
    (value(rf"{NT}\SilentProcessExit\notepad.exe", "MonitorProcess", ODD, "T1546.012"), "image-options", "T1546.012"),
    (value(rf"{NT}\Windows", "AppInit_DLLs", r"C:\Tools\a.dll", "T1546.010"), "libraries", "T1546.010"),
    (value(r"Control\Lsa", "Security Packages", "kerberos; mimilib", "T1547.005"), "libraries", "T1547.005"),
    (value(r"Control\Lsa", "Notification Packages", "scecli; evil", "T1556.002"), "libraries", "T1556.002"),
    (service("PSEXESVC", r"%SystemRoot%\PSEXESVC.EXE"), "services", "T1543.003"),
    (service("Up", r"C:\Windows\Temp\a.exe -k netsvcs"), "services", "T1543.003"),
    (service("Plug", r"%SystemRoot%\system32\svchost.exe -k x", r"C:\ProgramData\a.dll"), "services", "T1543.003"),
    (service("Drv", r"\??\C:\Users\x\AppData\Local\Temp\a.sys"), "services", "T1543.003"),
    (event(7045, "T1543.003", service__name="x", process__command_line=ODD), "services", "T1543.003"),
    (event(13, "T1546.015", registry__key=r"HKCU\CLSID\{1}\InprocServer32", registry__value="(Default)",
           registry__data__strings=[r"C:\Users\x\a.dll"]), "objects", "T1546.015"),
    (event(20, "T1546.003", winlog__event_data=orjson.dumps({"Name": "x", "Destination": "a.exe"}).decode()), "wmi",
     "T1546.003"),
    (event(59, "T1197", event__provider="Microsoft-Windows-Bits-Client", url__full="http://203.0.113.7/a"),
     "background", "T1197"),
    (event(106, "T1053.005", process__command_line=ODD), "tasks", "T1053.005"),
    (file("C:/Users/x/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/a.lnk"), "folders", "T1547.001"),
    (file(r"C:\Users\x\Documents\WindowsPowerShell\Microsoft.PowerShell_profile.ps1"), "folders", "T1546.013"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "category", "technique"), ODDITIES, ids=lambda given: str(given)[:40])
def test_what_makes_a_program_come_back_is_found(record: dict[str, Any], category: str, technique: str) -> None:
    found = one(record)
    assert (found.category, found.technique) == (category, technique)
    assert found.score >= 40


BASELINE = [
    value(r"Microsoft\Windows\CurrentVersion\Run", "SecurityHealth", r"%windir%\system32\SecurityHealthSystray.exe",
          "T1547.001"),
    value(r"Control\Session Manager", "BootExecute", "autocheck autochk *", "T1547.001"),
    value(rf"{NT}\Winlogon", "Shell", "explorer.exe", "T1547.004"),
    value(rf"{NT}\Winlogon", "Userinit", r"C:\Windows\system32\userinit.exe,", "T1547.004"),
    value(rf"{NT}\Windows", "AppInit_DLLs", "", "T1546.010"),
    value(r"Control\Lsa", "Security Packages", "kerberos; msv1_0; schannel; wdigest; tspkg; pku2u", "T1547.005"),
    value(r"Control\Lsa", "Authentication Packages", "msv1_0", "T1547.002"),
    value(r"Control\Print\Monitors\Local Port", "Driver", "localspl.dll", "T1547.010"),
    service("Schedule", r"%systemroot%\system32\svchost.exe -k netsvcs", r"%systemroot%\system32\schedsvc.dll"),
    service("disk", r"system32\drivers\disk.sys"),
    service("VGAuth", '"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe"'),
    service("Tcpip", r"\SystemRoot\System32\drivers\tcpip.sys"),
    {"event.id": "e" * 32, "event.dataset": "windows.scheduled_task", "threat.technique.id": ["T1053.005"],
     "process.command_line": r"%windir%\system32\defrag.exe -c -h -o", "tags": ["persistence", "hidden"]},
    event(7045, "T1543.003", service__name="E1G60", process__command_line=r"system32\DRIVERS\E1G6032E.sys"),
    event(59, "T1197", event__provider="Microsoft-Windows-Bits-Client", url__full="https://au.download.windowsupdate.com/a"),
    event(20, "T1546.003", winlog__event_data='{"Operation": "Deleted", "Name": "x", "Destination": "a.exe"}'),
    file(r"C:\Users\x\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\desktop.ini"),
    file(r"C:\Windows\System32\notepad.exe"),
]  # fmt: skip


def test_a_machine_as_it_was_bought_has_no_finding() -> None:
    assert findings(BASELINE) == []


def test_a_program_among_those_of_administrators_is_found_with_the_note_that_speaks_for_it() -> None:
    found = one(value(r"Microsoft\Windows\CurrentVersion\Run", "Agent", r"C:\Program Files\V\a.exe", "T1547.001"))
    assert (found.score, found.known_good) == (10, "lies where only administrators write")


@pytest.mark.parametrize(
    "command",
    [r"C:\Windows\System32\..\..\a.exe", r"C:\Windows\System32\cmd.exe /c a", r"C:\Windows\tracing\a.exe",
     r"C:\Program Files\..\Users\Public\a.exe", r"D:\a.exe"],
)  # fmt: skip
def test_what_only_looks_like_a_program_of_windows_gets_no_note(command: str) -> None:
    assert one(value(r"Microsoft\Windows\CurrentVersion\Run", "x", command, "T1547.001")).known_good == ""


def test_a_task_that_the_scheduler_does_not_list_is_sure() -> None:
    record = value(r"TaskCache\Tasks\{1}", "", r"C:\Windows\system32\defrag.exe", "T1053.005")
    assert one({**record, "tags": ["persistence", "hidden"]}).score == 90
    assert findings([{**record, "tags": ["persistence"]}]) == []
