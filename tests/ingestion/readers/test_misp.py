"""MISP events: values and composites, markings, distributions, and what is no indicator."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ingestion.readers.files import FileContext, Told, file_readers
from ingestion.readers.misp import NOT_DETECTED
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, PAP, TLP, Marking
from tests.contract.test_readers import Held
from tests.ingestion.readers.opening import opened, said, values

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def attribute(kind: str, value: str, **fields: Any) -> dict[str, Any]:
    """One attribute as MISP writes it."""
    return {"type": kind, "value": value, "category": "Network activity", "to_ids": True, "deleted": False, **fields}


def event(*attributes: dict[str, Any], tags: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """An event of the sender's own, shared with all communities."""
    return {
        "Event": {
            "info": "Campagne de septembre", "distribution": "3", "Orgc": {"name": "Université  VALBRUNE"},
            "Attribute": list(attributes), "Tag": [{"name": tag} for tag in tags], **fields,
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("ip-src", "45.1.2.3", [("ipv4", "45.1.2.3")]),
        ("ip-dst", "2a00:1450::1", [("ipv6", "2a00:1450::1")]),
        ("ip-dst", "45.1.2.0/24", [("cidr", "45.1.2.0/24")]),
        ("hostname", "c2.evil-site.fr", [("domain", "c2.evil-site.fr")]),
        ("domain|ip", "evil-site.fr|45.1.2.3", [("domain", "evil-site.fr"), ("ipv4", "45.1.2.3")]),
        ("ip-dst|port", "45.1.2.3|8080", [("ip-port", "45.1.2.3:8080")]),
        ("hostname|port", "c2.evil-site.fr|443", [("domain-port", "c2.evil-site.fr:443")]),
        ("filename|sha256", f"facture.exe|{SHA256}", [("filename", "facture.exe"), ("sha256", SHA256)]),
        ("malware-sample", f"x.exe|{SHA256[:32]}", [("filename", "x.exe"), ("md5", SHA256[:32])]),
        ("email-subject", "Votre compte expire", [("email-subject", "Votre compte expire")]),
        ("AS", "64500", [("asn", "AS64500")]),
        ("vulnerability", "CVE-2024-3400", [("cve", "CVE-2024-3400")]),
        ("domain", "nothing at all", [("", "not_a_name")]),
        ("text", "anything", []),
        ("link", "https://blog.example.org/report", []),
        ("email-dst", "victim@univ-valbrune.fr", []),
        ("target-user", "Jean Dupont", []),
    ],
)
def test_what_each_type_holds(kind: str, value: str, expected: list[tuple[str, str]]) -> None:
    found = opened("misp", event(attribute(kind, value)))
    assert [pair[:1] if pair[0] == "" else pair for pair in values(found)] == [
        pair[:1] if pair[0] == "" else pair for pair in expected
    ]
    assert found.silent == (() if expected else (1,))


def test_what_is_read_by_analysts_or_was_deleted_is_told_by_its_place() -> None:
    found = opened(
        "misp",
        event(
            attribute("url", "https://blog.example.org/report", category="External analysis"),
            attribute("ip-dst", "45.1.2.3", deleted=True),
            attribute("email", "jean@univ-valbrune.fr", category="Targeting data"),
            attribute("ip-dst", "45.1.2.4"),
            Object=[{"deleted": "1", "Attribute": [attribute("md5", SHA256[:32])]}],
        ),
    )
    assert values(found) == [("ipv4", "45.1.2.4")]
    assert found.silent == (1, 2, 3, 5)


def test_the_stricter_marking_wins_scale_by_scale() -> None:
    marked = attribute("ip-dst", "45.1.2.3", Tag=[{"name": "tlp:green"}, {"name": "PAP:RED"}])
    found = opened("misp", event(marked, attribute("ip-dst", "45.1.2.4"), tags=("tlp:amber", "PAP:CLEAR")))
    assert (said(found)["tlp"], said(found)["pap"]) == ("AMBER", "RED")
    assert (said(found, 1)["tlp"], said(found, 1)["pap"]) == ("AMBER", "CLEAR")
    assert found.tale is not None
    assert (found.tale.title, dict(found.tale.said)) == ("Campagne de septembre", {"tlp": "AMBER", "pap": "CLEAR"})


def test_the_day_of_an_institution_is_no_report() -> None:
    assert opened("misp", event(attribute("ip-dst", "45.1.2.3"), iocmarket={"report": False})).tale is None
    assert opened("misp", event(attribute("ip-dst", "45.1.2.3"), iocmarket={"report": True})).tale is not None


def test_two_markings_of_one_scale_and_red_are_refused() -> None:
    for tags, code in ((("tlp:green", "tlp:amber"), "conflicting_markings"), (("tlp:red",), "red_names_persons")):
        with pytest.raises(Refusal) as caught:
            opened("misp", event(attribute("ip-dst", "45.1.2.3"), tags=tags))
        assert (caught.value.code, caught.value.where) == (code, "/Event/0/Tag")
        alone = attribute("ip-dst", "45.1.2.3", Tag=[{"name": tag} for tag in tags])
        assert values(opened("misp", event(alone, attribute("ip-dst", "45.1.2.4")))) == [
            ("", code),
            ("ipv4", "45.1.2.4"),
        ]


@pytest.mark.parametrize(
    ("whole", "part", "audience"),
    [("0", "5", "own"), ("3", "0", "own"), ("1", "5", None), ("3", "3", None), ("3", None, None), ("9", "5", "own"),
     ("4", "5", "own"), ("4", "3", "own")],
)  # fmt: skip
def test_a_distribution_is_never_widened(whole: str, part: str | None, audience: str | None) -> None:
    found = opened("misp", event(attribute("ip-dst", "45.1.2.3", distribution=part), distribution=whole))
    assert said(found).get("audience") == audience
    (item,) = found.items
    assert isinstance(item, Told)
    assert item.candidate.canonical is not None
    assert item.candidate.canonical.warnings == (("distribution_own",) if audience else ())


def test_a_sharing_group_is_the_circle_of_its_uuid() -> None:
    group = {"uuid": "5b8d9d56-1800-4441-bd44-02720a016219", "name": "Ransomware cell"}
    found = opened("misp", event(attribute("ip-dst", "45.1.2.3"), distribution="4", SharingGroup=group))
    assert (said(found)["audience"], said(found)["circle"]) == ("circle", group["uuid"])


@pytest.mark.parametrize(
    ("tags", "default", "audience"),
    [(("tlp:green",), DEFAULT, None), (("tlp:amber",), DEFAULT, "own"), ((), DEFAULT, "own"),
     ((), Marking(TLP.GREEN, PAP.GREEN), None)],
)  # fmt: skip
def test_what_others_wrote_and_marked_amber_stays_in_the_own_institution(
    tags: tuple[str, ...], default: Marking, audience: str | None
) -> None:
    document = event(attribute("ip-dst", "45.1.2.3"), tags=tags, Orgc={"name": "CERT of others"})
    found = opened("misp", document, default=default)
    assert said(found).get("audience") == audience
    assert found.tale is not None
    assert found.tale.said.get("audience") == audience


def test_a_value_taken_out_of_detection_is_worth_less_where_that_was_said() -> None:
    found = opened(
        "misp",
        event(
            attribute("ip-dst", "45.1.2.3", to_ids=False),
            attribute("ip-dst", "45.1.2.4"),
            attribute("email-subject", "Votre compte", to_ids=False),
        ),
    )
    assert [said(found, place).get("confidence") for place in range(3)] == [NOT_DETECTED, None, None]


@pytest.mark.parametrize(
    ("tag", "threat"),
    [
        ('rsit:fraud="phishing"', "phishing"),
        ('rsit:malicious-code="c2-server"', "c2"),
        ('misp-galaxy:ransomware="Akira"', "ransomware"),
        ('misp-galaxy:stealer="Lumma"', "infostealer"),
        ('misp-galaxy:threat-actor="APT28"', None),
        ("kill-chain:Command and Control", "c2"),
        ('circl:incident-classification="phishing"', "phishing"),
        ("osint:source-type", None),
    ],
)
def test_tags_tell_the_threat_where_they_surely_do(tag: str, threat: str | None) -> None:
    found = said(opened("misp", event(attribute("ip-dst", "45.1.2.3"), tags=(tag, "tlp:green"))))
    assert found.get("threat_type") == threat
    assert found["tags"] == [tag]


def test_dates_and_comments_go_with_the_value_and_passwords_do_not() -> None:
    told = attribute(
        "ip-dst", "45.1.2.3", first_seen="2026-09-01T10:00:00.000000+0200", last_seen="1788300000000000",
        comment="seen; jean@univ.fr:hunter2secret",
    )  # fmt: skip
    found = said(opened("misp", event(told)))
    assert (found["first_seen"], found["last_seen"][:10]) == ("2026-09-01T08:00:00+00:00", "2026-09-01")
    assert "hunter2secret" not in found["comment"]
    assert found["comment"].startswith("seen;")


def test_every_envelope_is_read() -> None:
    one = event(attribute("ip-dst", "45.1.2.3"))
    other = event(attribute("ip-dst", "45.1.2.4"), info="Seconde")
    for envelope in (one, [one], {"response": [one]}, {"response": one}, one["Event"]):
        found = opened("misp", envelope)
        assert values(found) == [("ipv4", "45.1.2.3")]
        assert found.tale is not None
    both = opened("misp", {"response": [one, other]})
    assert both.tale is None
    assert [said(both, place)["comment"] for place in (0, 1)] == ["Campagne de septembre", "Seconde"]
    answered = opened("misp", {"response": {"Attribute": [attribute("ip-dst", "45.1.2.5")]}})
    assert values(answered) == [("ipv4", "45.1.2.5")]


@pytest.mark.parametrize("document", [{}, [], {"type": "bundle"}, {"Event": "x"}, {"response": []}, [1], "x", None])
def test_what_is_no_event_is_refused(document: Any) -> None:
    with pytest.raises(Refusal) as caught:
        opened("misp", document)
    assert caught.value.code == "not_an_event"


def test_what_must_be_found_in_real_events_is_found() -> None:
    folder = SHARED / "iocs" / "misp"
    if not folder.is_dir():
        pytest.skip(f"the events are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    context = FileContext(sender="Université Valbrune", default=DEFAULT, moment=datetime(2026, 11, 1, tzinfo=UTC))
    read = 0
    for path in sorted(folder.glob("*.expected.json")):
        content = path.with_name(path.name.removesuffix(".expected.json")).read_bytes()
        expected = {
            (kind, value) for kind, found in json.loads(path.read_text())["expected"].items() for value in found
        }
        if not file_readers["misp"].is_mine(content[:4096]):
            assert not expected, path.name
            continue
        items = file_readers["misp"].opened(Held(content), context).items
        sure = {
            (item.candidate.type, item.candidate.canonical.value)
            for item in items
            if isinstance(item, Told) and item.candidate.canonical and item.said.get("confidence") != NOT_DETECTED
        }
        assert expected <= sure, path.name
        read += 1
    assert read >= 10
