"""Sensors (cowrie, CrowdSec, fail2ban, Suricata, Elastic): which address did what, and nothing of their victims."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from ingestion.readers.elastic import ALERTS_MAX
from ingestion.readers.fail2ban import comment_of
from ingestion.readers.files import Opened, file_readers
from iocmarket.kernel.decision import Refusal
from tests.ingestion.readers.opening import opened, said, values

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SECRET = "Tr0ub4dor-7"


def cowrie(kind: str, address: str = "45.1.2.3", **fields: Any) -> dict[str, Any]:
    """One event of a honeypot."""
    return {
        "eventid": f"cowrie.{kind}", "src_ip": address, "session": "a1b2", "sensor": "pot-1", "message": SECRET,
        "timestamp": "2026-10-01T10:00:00.000000Z", **fields,
    }  # fmt: skip


def everything(found: Opened) -> str:
    """All that a reader gives back, as text."""
    return repr((list(found.items), found.tale))


def test_cowrie_one_item_an_address_and_one_a_file() -> None:
    found = opened(
        "cowrie",
        (
            cowrie("session.connect"),
            cowrie("login.failed", username="root", password=SECRET),
            cowrie("login.success", username="root", password=SECRET, timestamp="2026-10-02T10:00:00Z", late=True),
            cowrie("command.input", input=f"echo {SECRET}"),
            cowrie("session.file_download", url="http://evil-site.fr/x.sh", shasum=SHA256),
            cowrie("session.connect", "45.1.2.4"),
            cowrie("login.failed", "10.0.0.7", username="root", password=SECRET),
            cowrie("login.failed", "129.88.1.1", username="root", password=SECRET),
            "{broken " + SECRET,
        ),
    )
    assert values(found) == [
        ("", "45.1.2.3"), ("", "45.1.2.4"), ("url", "http://evil-site.fr/x.sh"), ("sha256", SHA256), ("", "not_json"),
    ]  # fmt: skip
    assert said(found) == {
        "threat_type": "brute-force", "first_seen": "2026-10-01T10:00:00+00:00",
        "last_seen": "2026-10-02T10:00:00+00:00",
        "comment": "cowrie: connections (1), failed log-ins (1), log-ins (1)",
    }  # fmt: skip
    assert [said(found, place).get("threat_type") for place in (1, 2, 3)] == ["scan", "dropper", "malware"]
    assert found.silent == (4, 7, 8)
    assert SECRET not in everything(found)
    assert "root" not in everything(found)


def test_cowrie_as_an_array() -> None:
    found = opened("cowrie", json.dumps([cowrie("login.failed")], indent=1).encode())
    assert values(found) == [("", "45.1.2.3")]


def alert(scenario: str = "crowdsecurity/ssh-bf", **fields: Any) -> dict[str, Any]:
    """One alert of CrowdSec's."""
    decision = {"scope": "Ip", "value": "45.1.2.3", "type": "ban", "duration": "3h59m56.123s", "origin": "crowdsec"}
    return {
        "scenario": scenario, "source": {"scope": "Ip", "value": "45.1.2.3", "ip": "45.1.2.3"}, "events_count": 6,
        "start_at": "2026-10-01T10:00:00.123456789Z", "stop_at": "2026-10-01T11:00:00Z", "decisions": [decision],
        "events": [{"meta": [{"key": "target_user", "value": "jean"}]}], "simulated": False, **fields,
    }  # fmt: skip


def test_crowdsec_a_ban_is_valid_as_long_as_it_lasts() -> None:
    found = opened("crowdsec", [alert()])
    assert values(found) == [("", "45.1.2.3")]
    assert said(found) == {
        "threat_type": "brute-force", "valid_until": "2026-11-01T03:59:56+00:00",
        "last_seen": "2026-10-01T11:00:00+00:00", "first_seen": "2026-10-01T10:00:00.123456+00:00",
        "comment": "CrowdSec: crowdsecurity/ssh-bf (6)",
    }  # fmt: skip
    assert "jean" not in everything(found)


def test_crowdsec_what_is_simulated_or_from_a_list_is_told_by_its_place() -> None:
    listed = {"scope": "Ip", "value": "45.1.2.9", "duration": "4h", "origin": "CAPI"}
    ranged = {"scope": "Range", "value": "45.1.2.0/24", "duration": "-5m", "origin": "cscli"}
    found = opened(
        "crowdsec",
        [alert(simulated=True), alert(decisions=[listed]), alert(decisions=[ranged]), alert(decisions=[]),
         alert(decisions=None, source={"scope": "Ip", "value": "10.1.2.3"})],
    )  # fmt: skip
    assert values(found) == [("", "45.1.2.0/24"), ("", "45.1.2.3")]
    assert "valid_until" not in said(found)
    assert found.silent == (1, 2, 5)


@pytest.mark.parametrize(
    ("scenario", "threat"),
    [
        ("crowdsecurity/http-probing", "scan"),
        ("crowdsecurity/http-cve-2021-41773", "exploitation"),
        ("crowdsecurity/http-wordpress-scan", "scan"),
        ("crowdsecurity/ssh-slow-bf_user-enum", "brute-force"),
        ("crowdsecurity/http-sqli-probing", "exploitation"),
        ("crowdsecurity/http-dos-swithcing-ua", "ddos"),
        ("own/unheard-of", None),
    ],
)
def test_crowdsec_scenarios(scenario: str, threat: str | None) -> None:
    assert said(opened("crowdsec", [alert(scenario)])).get("threat_type") == threat


def form(**fields: str) -> bytes:
    """A form as curl posts it."""
    return urlencode(fields).encode()


def test_fail2ban_one_form_one_item() -> None:
    log = "\n".join(
        f"Nov  1 10:0{n}:00 ldap2 sshd[123{n}]: Failed password for invalid user jdupont from 45.1.2.3 port 4022 ssh2"
        for n in range(3)
    )
    found = opened("fail2ban", form(ip="45.1.2.3", comment=log, categories="18,22", timestamp="1790000000"))
    assert values(found) == [("", "45.1.2.3")]
    assert said(found)["threat_type"] == "brute-force"
    assert said(found)["comment"] == "fail2ban: sshd (3)"
    assert "jdupont" not in everything(found)


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("SSH brute force", "SSH brute force"),
        ("mail of jean.dupont@univ-valbrune.fr", "mail of •••"),
        ("attempt for user jdupont today", "attempt for user ••• today"),
        ('45.1.2.3 - - "POST /login HTTP/1.1" 401 12', "fail2ban: 1"),
        ("2026-11-01T10:00:00 auth: jdupont failed", "fail2ban: 1"),
        ("postfix/smtpd[12]: warning: SASL LOGIN failed: sasl_username=jdupont", "fail2ban: postfix (1)"),
        ("", ""),
    ],
)
def test_fail2ban_a_comment_names_nobody(comment: str, kept: str) -> None:
    assert comment_of(comment) == kept


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_form"),
        (b"45.1.2.3", "not_a_form"),
        (form(ip=""), "not_a_form"),
        (b"ip=45.1.2.3&ip=45.1.2.4", "duplicate_name"),
        (form(ip="45.1.2.3", password="x"), "unknown_field"),
        (b"ip=%ff", "not_a_form"),
        (b"&".join(b"a%d=1" % n for n in range(30)), "not_a_form"),
    ],
)
def test_fail2ban_what_is_no_form_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        opened("fail2ban", content)
    assert caught.value.code == code


def eve(source: str, destination: str, category: str = "Web Application Attack", **fields: Any) -> dict[str, Any]:
    """One alert of Suricata's."""
    return {
        "timestamp": "2026-10-01T10:00:00.123456+0200", "flow_id": 1, "event_type": "alert", "src_ip": source,
        "dest_ip": destination, "payload_printable": SECRET, "http": {"url": f"/?p={SECRET}"},
        "alert": {"signature": "ET WEB Struts", "category": category, "severity": 1, "signature_id": 1}, **fields,
    }  # fmt: skip


def test_eve_the_side_that_is_outside_is_told() -> None:
    found = opened(
        "eve",
        (
            eve("45.1.2.3", "10.0.0.1"),
            eve("10.0.0.1", "45.1.2.3"),
            eve("129.88.3.3", "45.1.2.4", "Attempted Information Leak"),
            eve("10.0.0.1", "10.0.0.2"),
            {"event_type": "flow", "src_ip": "45.1.2.9", "dest_ip": "10.0.0.1"},
            eve("45.1.2.5", "46.1.2.6"),
        ),
    )
    assert values(found) == [("", "45.1.2.3"), ("", "45.1.2.4"), ("", "side_unknown")]
    assert said(found) == {
        "threat_type": "exploitation", "confidence": 80, "first_seen": "2026-10-01T08:00:00.123456+00:00",
        "last_seen": "2026-10-01T08:00:00.123456+00:00", "comment": "Suricata: ET WEB Struts (2)",
    }  # fmt: skip
    assert said(found, 1)["threat_type"] == "scan"
    assert found.silent == (4, 5)
    assert SECRET not in everything(found)


def test_eve_the_name_of_a_command_server_is_told_and_not_the_resolver() -> None:
    asked = eve(
        "10.0.0.1", "9.9.9.9", "Domain Observed Used for C2 Detected", dns={"query": [{"rrname": "c2.evil-site.fr"}]}
    )
    found = opened("eve", (asked,))
    assert values(found) == [("domain", "c2.evil-site.fr")]
    assert said(found)["threat_type"] == "c2"


NESTED = {
    "@timestamp": "2026-10-01T10:00:00Z", "source": {"ip": "45.1.2.3"}, "destination": {"ip": ["10.0.0.1"]},
    "kibana": {"alert": {"rule": {"name": "SSH brute force"}, "severity": "high"}}, "user": {"name": "jdupont"},
}  # fmt: skip
FLAT = {
    "@timestamp": "2026-10-02T10:00:00Z", "source.ip": "10.0.0.1", "destination.ip": "45.1.2.4", "user.name": "jdupont",
    "kibana.alert.rule.name": "Beacon", "kibana.alert.severity": ["critical"], "file.hash.sha256": SHA256,
    "kibana.alert.rule.threat": [{"technique": [{"id": "T1071"}]}], "threat.indicator": {"url": {"full": "http://evil-site.fr/x"}},
}  # fmt: skip


def test_elastic_fields_of_ecs_nested_or_with_dots() -> None:
    found = opened("elastic", {"rule": "x", "alerts": [NESTED, FLAT, {"kibana.alert.uuid": "x"}]})
    assert values(found) == [
        ("", "45.1.2.3"), ("url", "http://evil-site.fr/x"), ("sha256", SHA256), ("", "45.1.2.4"),
    ]  # fmt: skip
    assert (said(found)["threat_type"], said(found)["confidence"]) == ("brute-force", 75)
    assert (said(found, 3)["threat_type"], said(found, 3)["confidence"]) == ("c2", 85)
    assert found.silent == (3,)
    assert "jdupont" not in everything(found)


@pytest.mark.parametrize(
    "envelope",
    [
        [NESTED],
        NESTED,
        {"context": {"alerts": [NESTED]}},
        {"hits": {"hits": [{"_id": "x", "_source": NESTED}]}},
        (NESTED, NESTED),
    ],
)
def test_elastic_envelopes(envelope: Any) -> None:
    assert values(opened("elastic", envelope)) == [("", "45.1.2.3")]


def test_elastic_as_many_alerts_as_one_execution_makes_and_no_more() -> None:
    many = [{"source.ip": f"45.{n // 65536}.{n // 256 % 256}.{n % 256}"} for n in range(ALERTS_MAX)]
    assert len(values(opened("elastic", {"alerts": many}))) == ALERTS_MAX
    with pytest.raises(Refusal, match="too_many_alerts"):
        opened("elastic", {"alerts": [*many, many[0]]})


def test_each_knows_its_own_beginning_and_no_other() -> None:
    heads = {
        "cowrie": json.dumps(cowrie("login.failed")), "crowdsec": json.dumps([alert()]), "elastic": json.dumps([FLAT]),
        "eve": json.dumps(eve("45.1.2.3", "10.0.0.1")), "misp": '{"response": [{"Event": {"info": "x"}}]}',
        "stix": '{"type": "bundle", "objects": []}',
    }  # fmt: skip
    for name, head in heads.items():
        assert [reader.name for reader in file_readers if reader.is_mine(head.encode())] == [name]
