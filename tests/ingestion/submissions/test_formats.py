"""Files of other tools as submissions: by media type or by `?format=`, with the defaults of the query string."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from ingestion.submissions.models import Submission, SubmissionPart
from ingestion.submissions.parts import unpacked
from iocmarket.accounts.models import Asset
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP
from tests.ingestion.readers.test_misp import attribute, event
from tests.ingestion.readers.test_openioc import BOMB, STRONG, document
from tests.ingestion.readers.test_sensors import FLAT, NESTED, SECRET, alert, cowrie, eve
from tests.ingestion.readers.test_stealer import FILES as STOLEN
from tests.ingestion.readers.test_stealer import PATH
from tests.ingestion.readers.test_stealer import SECRET as PASSWORD
from tests.ingestion.submissions.conftest import Sender
from tests.ingestion.submissions.test_credentials import everything_stored
from tests.ingestion.submissions.test_long import worked

FORM = "application/x-www-form-urlencoded"
NDJSON = "application/x-ndjson"
HIDDEN = (PASSWORD, PATH, "jean.dupont", "jdupont", "victim1", "PC-JEAN", "193.50.1.1")
"""Of stolen accounts: what must be found nowhere."""


def items(answer: Any) -> list[tuple[str, str]]:
    """Status and value of each item of a 201."""
    assert answer.status_code == 201, answer.json()
    return [(item["status"], item["value"] or item["reason"]) for item in answer.json()["items"]]


def test_a_misp_event_is_a_report_with_its_items(sender: Sender) -> None:
    content = event(
        attribute("domain|ip", "evil-site.fr|45.1.2.3"), attribute("text", "x"), tags=("tlp:green", "PAP:AMBER"),
        Orgc={"name": sender.institution.name},
    )  # fmt: skip
    answer = sender.raw(json.dumps(content).encode(), "application/vnd.misp+json")
    assert items(answer) == [("accepted", "evil-site.fr"), ("accepted", "45.1.2.3")]
    assert answer.json()["lines_without_indicator"] == [2]
    report = Report.objects.get()
    assert (report.title, report.tlp, report.pap) == ("Campagne de septembre", TLP.GREEN, PAP.AMBER)
    assert {str(row.marking) for row in Contribution.unscoped.all()} == {"TLP:GREEN PAP:AMBER"}


def test_the_same_event_again_is_refreshed(sender: Sender) -> None:
    content = json.dumps(event(attribute("ip-dst", "45.1.2.3"), Orgc={"name": sender.institution.name})).encode()
    assert items(sender.raw(content, "application/json", "?format=misp")) == [("accepted", "45.1.2.3")]
    assert items(sender.raw(content, "application/json", "?format=misp")) == [("refreshed", "45.1.2.3")]


def test_a_sharing_group_that_is_no_circle_of_the_sender_refuses_the_event(sender: Sender) -> None:
    group = {"uuid": "5b8d9d56-1800-4441-bd44-02720a016219"}
    content = event(
        attribute("ip-dst", "45.1.2.3"), distribution="4", SharingGroup=group, Orgc={"name": sender.institution.name}
    )
    answer = sender.raw(json.dumps(content).encode(), "application/vnd.misp+json")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_circle")


def test_openioc_by_its_root_or_by_name(sender: Sender) -> None:
    content = document(*STRONG)
    assert [status for status, _value in items(sender.raw(content, "application/xml"))] == ["accepted", "accepted"]
    assert [status for status, _value in items(sender.raw(content, "text/xml", "?format=openioc"))] == ["refreshed"] * 2


def test_a_general_type_that_no_reader_knows_asks_for_the_format(sender: Sender) -> None:
    answer = sender.raw(b"<x/>", "application/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_format")
    assert "?format=" in answer.json()["detail"]


def test_an_entity_bomb_is_refused_with_the_cap_named(sender: Sender) -> None:
    answer = sender.raw(document(*STRONG, head=BOMB), "application/xml", "?format=openioc")
    assert (answer.status_code, answer.json()["code"]) == (422, "xml_entities")
    assert not Submission.objects.exists()


def test_fail2ban_with_curl_and_again_after_a_restart(sender: Sender) -> None:
    log = f"Nov  1 10:00:00 ldap2 sshd[1]: Failed password for jdupont{SECRET} from 45.1.2.3 port 4022 ssh2"
    body = urlencode({"ip": "45.1.2.3", "comment": log, "categories": "18,22"}).encode()
    assert items(sender.raw(body, FORM, "?tlp=GREEN")) == [("accepted", "45.1.2.3")]
    assert items(sender.raw(body, FORM, "?tlp=GREEN")) == [("refreshed", "45.1.2.3")]
    row = Contribution.unscoped.get()
    assert (row.threat_type, row.comment, row.tlp) == ("brute-force", "fail2ban: sshd (1)", TLP.GREEN)
    assert SECRET not in everything_stored()


@pytest.mark.parametrize(
    ("name", "media_type", "content", "expected"),
    [
        ("cowrie", NDJSON, json.dumps(cowrie("login.failed", username="root", password=SECRET)), ["45.1.2.3"]),
        ("crowdsec", "application/json", json.dumps([alert()]), ["45.1.2.3"]),
        ("eve", NDJSON, json.dumps(eve("45.1.2.3", "10.0.0.1")), ["45.1.2.3"]),
        ("elastic", "application/json", json.dumps({"alerts": [NESTED, {**FLAT, "note": SECRET}]}), None),
    ],
)
def test_sensors_and_their_repeats(
    name: str, media_type: str, content: str, expected: list[str] | None, sender: Sender,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    first = items(sender.raw(content.encode(), media_type, f"?format={name}"))
    assert {status for status, _value in first} == {"accepted"}
    assert expected is None or [value for _status, value in first] == expected
    again = items(sender.raw(content.encode(), media_type, f"?format={name}"))
    assert again == [("refreshed", value) for _status, value in first]
    assert SECRET not in everything_stored() + caplog.text


def test_the_networks_of_the_sender_tell_its_side(sender: Sender, other: Sender) -> None:
    for owner, value in ((sender, "129.88.0.0/16"), (other, "45.0.0.0/8")):
        Asset.objects.create(
            institution=owner.institution, kind=Asset.Kind.NETWORK, value=value, verified_at=clock.now(),
            proof=Asset.Proof.ADMINISTRATOR,
        )  # fmt: skip
    content = json.dumps(eve("45.1.2.3", "129.88.1.1")).encode()
    assert items(sender.raw(content, NDJSON, "?format=eve")) == [("accepted", "45.1.2.3")]
    assert items(other.raw(content, NDJSON, "?format=eve")) == [("accepted", "129.88.1.1")]


@pytest.mark.parametrize("text", STOLEN, ids=range(len(STOLEN)))
@pytest.mark.parametrize("long", [False, True])
def test_of_stolen_accounts_nothing_is_kept_but_that_there_were_some(
    text: str, long: bool, sender: Sender, working: None, caplog: pytest.LogCaptureFixture, tmp_path: Path,
    settings: Settings,
) -> None:  # fmt: skip
    settings.MEDIA_ROOT = str(tmp_path)
    media_type = "application/json" if text.startswith("{") else "text/plain"
    if long:
        if media_type == "application/json":
            text = json.dumps([json.loads(text)] * 600)
        else:
            text += "".join(f"victim{number}@univ-valbrune.fr:{HIDDEN[0]}{number}\n" for number in range(600))
    answer = sender.raw(text.encode(), media_type, "?format=stealer")
    assert answer.status_code == (202 if long else 201)
    if long:
        worked(answer.json())
    submission = Submission.objects.get()
    assert submission.items.filter(reason="account_of_nobody", input="••••", type="account").exists()
    kept = everything_stored() + caplog.text + answer.content.decode()
    kept += "".join(str(unpacked(part.body)) for part in SubmissionPart.objects.all())
    for hidden in HIDDEN:
        assert hidden not in kept
    assert list(tmp_path.rglob("*")) == []
    assert not Indicator.objects.exclude(value__in=["c2.evil-site.fr", "098f6bcd4621d373cade4e832627b4f6"]).exists()


@pytest.mark.parametrize("media_type", ["text/csv", "text/plain"])
def test_a_table_of_accounts_is_kept_nowhere_also_where_nobody_said_what_it_is(
    media_type: str, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    answer = sender.raw(STOLEN[0].encode(), media_type)
    assert answer.status_code == 201
    assert {item["reason"] for item in answer.json()["items"]} == {"credential"}
    kept = everything_stored() + caplog.text + answer.content.decode()
    assert HIDDEN[0] not in kept
    assert HIDDEN[1] not in kept
    assert not Indicator.objects.exists()
