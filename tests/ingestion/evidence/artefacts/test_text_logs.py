"""Logs of servers, line by line."""

from __future__ import annotations

from pathlib import Path

from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

IIS = b"""#Software: Microsoft Internet Information Services 10.0\r
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\r
2026-11-01 03:13:01 10.0.0.2 POST /aspnet_client/shell.aspx cmd=whoami 443 - 203.0.113.45 curl/8 200\r
truncated\r
"""
APACHE = b"""198.51.100.23 - alice [01/Nov/2026:04:13:01 +0100] "GET /a.php?x=1 HTTP/1.1" 404 196 "-" "Mozilla/5.0"
this is no request
"""
AUTH = b"""Nov  1 03:13:01 srv sshd[999]: Failed password for invalid user admin from 203.0.113.45 port 50022 ssh2
2026-11-01T03:13:02.5+01:00 srv sshd-session[1000]: Accepted publickey for root from 2001:db8::9 port 50023 ssh2
Nov  1 03:14:01 srv CRON[12]: pam_unix(cron:session): session opened
"""


def test_iis(tmp_path: Path) -> None:
    one = artefact(tmp_path, IIS, "inetpub/logs/LogFiles/W3SVC1/u_ex261101.log")
    assert wanting(one) == ["text_logs"]
    (found,), faults, summary = parsed("text_logs", one)
    assert (faults, summary) == ([], {"other_lines": 1})
    assert found["@timestamp"] == "2026-11-01T03:13:01.000000Z"
    assert (found["source.ip"], found["destination.ip"], found["destination.port"]) == ("203.0.113.45", "10.0.0.2", 443)
    assert (found["event.action"], found["event.code"]) == ("post", "200")
    assert found["url.full"] == "/aspnet_client/shell.aspx?cmd=whoami"


def test_apache(tmp_path: Path) -> None:
    one = artefact(tmp_path, APACHE, "var/log/apache2/access.log", volume="")
    assert wanting(one) == ["text_logs"]
    (found,), _, summary = parsed("text_logs", one)
    assert summary == {"other_lines": 1}
    assert found["@timestamp"] == "2026-11-01T03:13:01.000000Z"
    assert (found["source.ip"], found["user.name"], found["event.code"]) == ("198.51.100.23", "alice", "404")


def test_logins_by_ssh(tmp_path: Path) -> None:
    one = artefact(tmp_path, AUTH, "var/log/auth.log", volume="", ingested="2026-11-22T10:00:00Z")
    assert wanting(one) == ["text_logs"]
    (failed, accepted), _, summary = parsed("text_logs", one)
    assert summary == {"other_lines": 1}
    assert failed["@timestamp"] == "2026-11-01T03:13:01.000000Z"
    assert (failed["event.action"], failed["user.name"]) == ("logon-failed", "admin")
    assert (failed["source.ip"], failed["source.port"]) == ("203.0.113.45", 50022)
    assert accepted["@timestamp"] == "2026-11-01T02:13:02.500000Z"
    assert (accepted["event.action"], accepted["source.ip"]) == ("logon", "2001:db8::9")
