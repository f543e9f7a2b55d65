"""Listings of processes and connections as each collector writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

PSLIST = {
    "CreateTime": "2026-11-01T03:12:50.5Z", "Pid": 6660, "Ppid": 16, "TokenIsElevated": False, "Name": "odupd.exe",
    "CommandLine": '"C:\\Users\\Public\\odupd.exe" --silent', "Exe": "C:\\Users\\Public\\odupd.exe",
    "TokenInfo": {"User": "S-1-5-21-1-2-3-1001"}, "Hash": {"SHA256": "AB" * 32}, "Username": "UNIV\\jdupont",
}  # fmt: skip
PROCESSES = {
    "velociraptor": json.dumps(PSLIST).encode() + b"\n",
    "csv": b"\xef\xbb\xbfCreateTime,Pid,Ppid,Name,CommandLine,Exe,Username,SHA256\r\n2026-11-01T03:12:50.5Z,6660,16,"
    b'odupd.exe,"""C:\\Users\\Public\\odupd.exe"" --silent",C:\\Users\\Public\\odupd.exe,UNIV\\jdupont,' + b"ab" * 32,
    "wmic": 'Node,CommandLine,CreationDate,ExecutablePath,Name,ParentProcessId,ProcessId\r\nPC,"""C:\\Users\\Public\\'
    'odupd.exe"" --silent",20261101041250.500000+060,C:\\Users\\Public\\odupd.exe,odupd.exe,16,6660'.encode("utf-16"),
    "semicolons": b"Pid;Ppid;Name;CommandLine;Exe;CreateTime\n6660;16;odupd.exe;"
    b'"""C:\\Users\\Public\\odupd.exe"" --silent";C:\\Users\\Public\\odupd.exe;2026-11-01 03:12:50.5',
}


@pytest.mark.parametrize("which", sorted(PROCESSES))
def test_processes_of_windows(which: str, tmp_path: Path) -> None:
    one = artefact(tmp_path, PROCESSES[which], "live/processes", volume="")
    assert wanting(one) == ["live_process"]
    (found,), faults, _ = parsed("live_process", one)
    assert faults == []
    assert found["@timestamp"] == "2026-11-01T03:12:50.500000Z"
    assert (found["process.pid"], found["process.parent.pid"]) == (6660, 16)
    assert found["process.name"] == "odupd.exe"
    assert found["process.command_line"] == '"C:\\Users\\Public\\odupd.exe" --silent'
    assert found["process.executable"] == "C:\\Users\\Public\\odupd.exe"
    if which == "velociraptor":
        assert found["user.id"] == "S-1-5-21-1-2-3-1001"
        assert found["process.hash.sha256"] == "ab" * 32
        assert (found["user.domain"], found["user.name"]) == ("UNIV", "jdupont")


def test_processes_of_tasklist_in_french_and_of_ps(tmp_path: Path) -> None:
    tasklist = '"Nom de l\'image","PID","Nom de la session","Numéro de session","Utilisation mémoire"\r\n'
    tasklist += '"méchant.exe","712","Services","0","1 024 Ko"\r\n'
    one = artefact(tmp_path, tasklist.encode("cp850"), "live/tasklist.csv")
    assert wanting(one) == ["live_process"]
    (found,), _, _ = parsed("live_process", one)
    assert (found["process.name"], found["process.pid"]) == ("méchant.exe", 712)
    assert found["@timestamp"] is None
    ps = b"USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
    ps += b"www-data  4242  0.0  0.1 168140 11292 ?  Ss   Nov01   0:03 /tmp/.x/miner --pool 198.51.100.7:3333\nbad\n"
    two = artefact(tmp_path, ps, "live_response/process/ps_auxwww.txt", volume="")
    assert wanting(two) == ["live_process"]
    (found,), faults, _ = parsed("live_process", two)
    assert (found["process.pid"], found["user.name"], found["process.name"]) == (4242, "www-data", "miner")
    assert found["process.command_line"] == "/tmp/.x/miner --pool 198.51.100.7:3333"
    assert [fault.where for fault in faults] == ["line 3"]


NETSTAT = {
    "Pid": 6660, "Name": "odupd.exe", "Family": "IPv4", "Type": "TCP", "Status": "ESTAB", "Laddr.IP": "10.1.1.2",
    "Laddr.Port": 49801, "Raddr.IP": "203.0.113.45", "Raddr.Port": 8443, "Timestamp": "2026-11-01T03:13:01Z",
}  # fmt: skip
CONNECTIONS = {
    "velociraptor": json.dumps(NETSTAT).encode(),
    "csv": (",".join(NETSTAT) + "\n" + ",".join(str(value) for value in NETSTAT.values())).encode(),
    "netstat": "\r\nConnexions actives\r\n\r\n  Proto  Adresse locale         Adresse distante       État"
    "            PID\r\n  TCP    10.1.1.2:49801         203.0.113.45:8443      ESTABLISHED     6660\r\n"
    " [odupd.exe]\r\n".encode("cp850"),
    "netstat_linux": b"Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address  "
    b"Foreign Address State PID/Program name\ntcp 0 0 10.1.1.2:49801 203.0.113.45:8443 ESTABLISHED 6660/odupd.exe\n",
    "ss": b"Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
    b'tcp   ESTAB  0      0      10.1.1.2:49801  203.0.113.45:8443 users:(("odupd.exe",pid=6660,fd=3))\n',
    "tcpvcon": b"TCP,odupd.exe,6660,ESTABLISHED,10.1.1.2:49801,203.0.113.45:8443\r\n",
}


@pytest.mark.parametrize("which", sorted(CONNECTIONS))
def test_connections(which: str, tmp_path: Path) -> None:
    one = artefact(tmp_path, CONNECTIONS[which], "live/connections", volume="")
    assert wanting(one) == ["live_network"]
    (found,), faults, _ = parsed("live_network", one)
    assert faults == []
    assert (found["source.ip"], found["source.port"]) == ("10.1.1.2", 49801)
    assert (found["destination.ip"], found["destination.port"]) == ("203.0.113.45", 8443)
    assert (found["process.pid"], found["process.name"]) == (6660, "odupd.exe")
    assert found["network.transport"] == "tcp"
    assert found["event.action"].startswith("estab")


def test_open_ports_have_no_other_side(tmp_path: Path) -> None:
    text = (
        b"  TCP    [::]:135     [::]:0       LISTENING       880\r\n  UDP    0.0.0.0:5353   *:*                 44\r\n"
    )
    text += b"  TCP    [fe80::1%4]:139     [fe80::2%4]:5000       CLOSE_WAIT       4\r\n"
    found, _, _ = parsed("live_network", artefact(tmp_path, text, "netstat.txt"))
    assert [one.get("destination.ip") for one in found] == [None, None, "fe80::2"]
    assert [one["source.ip"] for one in found] == ["::", "0.0.0.0", "fe80::1"]
    assert [one["process.pid"] for one in found] == [880, 44, 4]


def test_subscriptions_of_wmi(tmp_path: Path) -> None:
    row = {"Namespace": "root/subscription",
           "ConsumerDetails": {"Name": "U", "CommandLineTemplate": "powershell -enc A"},
           "FilterDetails": {"Name": "F", "Query": "SELECT * FROM X"}}  # fmt: skip
    one = artefact(tmp_path, json.dumps(row).encode(), "results/Windows.Persistence.PermanentWMIEvents.json", volume="")
    assert wanting(one) == ["live_wmi"]
    (found,), _, _ = parsed("live_wmi", one)
    assert found["process.command_line"] == "powershell -enc A"
    assert found["threat.technique.id"] == ["T1546.003"]
    assert found["tags"] == ["unusual"]
    assert json.loads(found["winlog.event_data"])["filterdetailsquery"] == "SELECT * FROM X"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text(max_size=40), max_size=8))
def test_any_cells_are_rows_or_faults(cells: list[str], tmp_path: Path) -> None:
    line = ",".join(cells).encode("utf-8", "replace")
    for name, head in (("live_process", b"Pid,Ppid,Name,CreateTime\n"), ("live_network", b"Laddr.IP,Raddr.IP,Pid\n")):
        parsed(name, artefact(tmp_path, head + line + b"\n", "x.csv"))
