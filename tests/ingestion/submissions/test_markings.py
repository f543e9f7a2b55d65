"""Marking, audience and authorship of what is sent: a refresh never loosens, nobody is named who asked not to be."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.models import Entry
from tests.factories import make_institution, publish
from tests.ingestion.submissions.conftest import Sender, row_counts


def held() -> Contribution:
    """The one statement there is."""
    return Contribution.unscoped.get()


def warnings(answer: Any) -> list[str]:
    """Of the only item."""
    (item,) = answer.json()["items"]
    found: list[str] = item["warnings"]
    return found


def test_without_labels_the_habit_of_the_community_applies(sender: Sender) -> None:
    sender.json("45.1.2.3")
    row = held()
    assert str(row.marking) == "TLP:AMBER PAP:GREEN"
    assert (row.audience, row.threat_type, row.confidence, row.anonymous) == ("community", "other", 60, False)
    assert row.institution == sender.institution


def test_defaults_hold_for_items_that_say_nothing_themselves(sender: Sender) -> None:
    sender.json(
        "45.1.2.3", {"value": "45.1.2.4", "tlp": "CLEAR", "comment": "own"},
        defaults={"tlp": "TLP:GREEN", "pap": "amber", "threat_type": "Phishing", "comment": "all", "tags": ["cas"]},
    )  # fmt: skip
    first, second = Contribution.unscoped.order_by("indicator__value")
    assert (str(first.marking), first.comment, first.tags) == ("TLP:GREEN PAP:AMBER", "all", ["cas"])
    assert (str(second.marking), second.comment, second.threat_type) == ("TLP:CLEAR PAP:AMBER", "own", "phishing")


def label(level: TLP | PAP | None) -> str | None:
    """As it is sent: null says nothing."""
    return None if level is None else level.label


tlps = st.sampled_from([level for level in TLP if level < TLP.RED])
paps = st.sampled_from(PAP)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tlps, paps, st.none() | tlps, st.none() | paps, st.none() | tlps)
def test_a_refresh_never_loosens_and_says_what_it_kept(
    sender: Sender, tlp: TLP, pap: PAP, new_tlp: TLP | None, new_pap: PAP | None, default: TLP | None
) -> None:
    Contribution.unscoped.update(withdrawn_at=clock.now())
    sender.json({"value": "45.1.2.3", "tlp": tlp.label, "pap": pap.label})
    said = {
        "tlp": new_tlp.label if new_tlp is not None else None,
        "pap": new_pap.label if new_pap is not None else None,
    }
    answer = sender.json(
        {"value": "45.1.2.3", **said}, defaults={"tlp": default.label if default is not None else None}
    )
    row = Contribution.unscoped.get(withdrawn_at=None)
    assert row.tlp == max(tlp, tlp if new_tlp is None else new_tlp)
    assert row.pap == max(pap, pap if new_pap is None else new_pap)
    meant = Marking(
        new_tlp if new_tlp is not None else default if default is not None else TLP.AMBER,
        new_pap if new_pap is not None else PAP.GREEN,
    )
    assert ("marking_kept" in warnings(answer)) == (meant != row.marking)


def test_a_repeat_within_one_batch_never_loosens_either(sender: Sender) -> None:
    sender.json({"value": "45.1.2.3", "tlp": "AMBER+STRICT"}, {"value": "45.1.2.3", "tlp": "CLEAR", "pap": "RED"})
    assert str(held().marking) == "TLP:AMBER+STRICT PAP:RED"


def test_a_repeat_within_one_batch_may_tighten(sender: Sender) -> None:
    sender.json({"value": "45.1.2.3", "tlp": "CLEAR"}, {"value": "45.1.2.3", "tlp": "GREEN"})
    assert held().tlp == TLP.GREEN


def test_the_record_says_which_markings_a_refresh_made_stricter_and_of_no_value(sender: Sender) -> None:
    sender.json("45.1.2.3", "45.1.2.4", {"value": "45.1.2.5", "tlp": "AMBER+STRICT"})
    assert "markings" not in Event.objects.get(action="submission.received").details
    sender.json("45.1.2.3", "45.1.2.4", "45.1.2.5", defaults={"tlp": "AMBER+STRICT"})
    stricter = [{"value": value, "tlp": "AMBER+STRICT"} for value in ("45.1.2.3", "45.1.2.4", "45.1.2.5")]
    sender.json(*stricter)
    told = Event.objects.filter(action="submission.received").order_by("-pk")
    assert told[0].details["markings"] == {"TLP:AMBER PAP:GREEN → TLP:AMBER+STRICT PAP:GREEN": 2}
    assert "markings" not in told[1].details, "a default is no wish"
    assert "45.1.2" not in str(told[0].details)


@pytest.mark.parametrize(
    ("first", "second"),
    [({"audience": "own"}, {}), ({}, {"audience": "own"}), ({"audience": "own"}, {"audience": "community"})],
)
def test_a_refresh_keeps_the_audience_and_says_so(first: Any, second: Any, sender: Sender) -> None:
    sender.json({"value": "45.1.2.3", **first})
    answer = sender.json({"value": "45.1.2.3", **second})
    assert "audience_kept" in warnings(answer)
    assert held().audience == first.get("audience", "community")


def test_a_refresh_renews_what_may_be_renewed(sender: Sender) -> None:
    sender.json({"value": "45.1.2.3", "tags": ["a"], "comment": "first", "threat_type": "scan", "confidence": 90})
    before = held()
    sender.json({"value": "45.1.2.3", "tags": ["b"]})
    after = held()
    assert (after.tags, after.comment, after.threat_type, after.confidence) == (["a", "b"], "first", "scan", 90)
    assert after.refreshed_at > before.refreshed_at
    assert after.last_seen > before.last_seen
    assert after.first_seen == before.first_seen
    sender.json({"value": "45.1.2.3", "comment": "second", "threat_type": "brute-force", "confidence": 10})
    last = held()
    assert (last.comment, last.threat_type, last.confidence) == ("second", "brute-force", 10)


def test_sharing_again_what_had_expired_is_a_new_life(sender: Sender) -> None:
    sender.json("45.1.2.3")
    Contribution.unscoped.update(valid_until=clock.now() - timedelta(days=1))
    sender.json("45.1.2.3")
    assert held().valid_until is None


def test_dates_in_the_past_widen_and_never_narrow(sender: Sender) -> None:
    sender.json({"value": "45.1.2.3", "first_seen": "2026-03-01", "last_seen": "2026-04-01T10:00:00+02:00"})
    sender.json({"value": "45.1.2.3", "first_seen": "2026-02-01", "last_seen": "2026-02-02"})
    row = held()
    assert row.first_seen.isoformat() == "2026-02-01T00:00:00+00:00"
    assert row.last_seen.isoformat() == "2026-04-01T08:00:00+00:00"


def test_a_first_sight_alone_never_lies_after_the_last(sender: Sender) -> None:
    soon = (clock.now() + timedelta(minutes=30)).isoformat()
    sender.json({"value": "45.1.2.3", "first_seen": soon})
    assert held().first_seen <= held().last_seen


def test_recipients_are_named_in_any_case_and_once(sender: Sender) -> None:
    valbrune, meriane = make_institution("Valbrune"), make_institution("Mériane")
    sender.json({"value": "45.1.2.3", "audience": "recipients", "recipients": ["VALBRUNE", "Mériane", " valbrune "]})
    assert held().recipients == sorted([valbrune.pk, meriane.pk])


def test_recipients_of_text_are_parameters(sender: Sender) -> None:
    valbrune = make_institution("Valbrune")
    assert sender.text("45.1.2.3", "?audience=recipients&recipients=Valbrune").status_code == 201
    assert held().recipients == [valbrune.pk]


def test_the_report_is_addressed_to_those_who_get_its_statements(sender: Sender) -> None:
    valbrune = make_institution("Valbrune")
    defaults = {"audience": "recipients", "recipients": ["Valbrune"], "tlp": "GREEN"}
    sender.json("45.1.2.3", report={"title": "Faux CAS"}, defaults=defaults)
    report = Report.objects.get()
    assert (report.audience, report.recipients, report.tlp) == ("recipients", [valbrune.pk], TLP.GREEN)


def test_an_item_of_another_audience_does_not_inherit_recipients(sender: Sender) -> None:
    make_institution("Valbrune")
    answer = sender.json(
        {"value": "45.1.2.3", "audience": "own"}, defaults={"audience": "recipients", "recipients": ["Valbrune"]}
    )
    assert answer.status_code == 201
    assert (held().audience, held().recipients) == ("own", [])


@pytest.mark.parametrize(
    ("item", "code", "where"),
    [
        ({"audience": "recipients"}, "recipients_missing", "/indicators/0/recipients"),
        ({"audience": "recipients", "recipients": []}, "recipients_missing", "/indicators/0/recipients"),
        ({"recipients": ["Valbrune"]}, "recipients_without_audience", "/indicators/0/recipients"),
        ({"audience": "recipients", "recipients": ["Nobody"]}, "unknown_recipient", "/indicators/0/recipients"),
        ({"audience": "recipients", "recipients": ["Waiting"]}, "unknown_recipient", "/indicators/0/recipients"),
        ({"audience": "circle"}, "circle_missing", "/indicators/0/circle"),
        ({"circle": "CSIRT"}, "circle_without_audience", "/indicators/0/circle"),
        ({"audience": "circle", "circle": "CSIRT"}, "unknown_circle", "/indicators/0/circle"),
        ({"audience": "everybody"}, "unknown_audience", "/indicators/0/audience"),
        ({"tlp": "RED"}, "red_names_persons", "/indicators/0/audience"),
        ({"tlp": "TLP:RED", "audience": "own"}, "red_needs_a_person", "/indicators/0/tlp"),
        ({"tlp": "TLP:PINK"}, "unknown_tlp", "/indicators/0/tlp"),
        ({"pap": "AMBER+STRICT"}, "unknown_pap", "/indicators/0/pap"),
        ({"tags": ["tlp:red"]}, "label_in_tag", "/indicators/0/tags"),
        ({"tags": ["PAP:RED"]}, "label_in_tag", "/indicators/0/tags"),
    ],
)
@pytest.mark.parametrize("dry", ["", "?dry_run=1"])
def test_who_cannot_be_addressed_is_refused_aloud_and_nothing_is_stored(
    item: dict[str, Any], code: str, where: str, dry: str, sender: Sender
) -> None:
    make_institution("Valbrune")
    make_institution("Waiting", approved=False)
    before = row_counts()
    answer = sender.json({"value": "45.1.2.3", **item}, query=dry)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["where"]) == (code, where)
    assert row_counts() == before


def test_defaults_that_cannot_be_meant_are_refused_at_their_place(sender: Sender) -> None:
    for defaults, where in (
        ({"tlp": "RED"}, "/defaults/audience"),
        ({"audience": "recipients", "recipients": ["Nobody"]}, "/defaults/recipients"),
    ):
        assert sender.json("45.1.2.3", defaults=defaults).json()["where"] == where
    assert sender.text("45.1.2.3", "?tlp=red").json()["where"] == "?audience"
    assert sender.text("45.1.2.3", "?audience=recipients&recipients=Nobody").json()["where"] == "?recipients"


def test_asking_for_anonymity_later_takes_the_name_off(sender: Sender) -> None:
    sender.json("45.1.2.3")
    sender.json({"value": "45.1.2.3", "anonymous": True})
    assert held().anonymous
    sender.json("45.1.2.3")
    assert held().anonymous


def exits(reader: Sender) -> dict[str, str]:
    """Everything that a machine of another institution reads."""
    found = {}
    client = Client(headers=reader.headers)
    paths = ["/taxii2/", "/taxii2/api/", "/taxii2/api/collections/"]
    for collection in client.get("/taxii2/api/collections/").json().get("collections", []):
        paths += [f"/taxii2/api/collections/{collection['id']}/{end}" for end in ("", "objects/", "manifest/")]
    paths += [f"/feeds/{name}" for name in ("stix", "csv", "text", "rpz", "suricata")] + ["/api/v1/indicators"]
    for path in paths:
        found[path] = client.get(path).content.decode()
    body = json.dumps({"values": ["45.1.2.3", "45.1.2.4"]})
    found["lookup"] = client.post("/api/v1/lookup", body, content_type="application/json").content.decode()
    for entry in Entry.objects.filter(indicator__isnull=False).select_related("indicator"):
        assert entry.indicator is not None
        path = f"/api/v1/indicators/{entry.indicator.public_id}"
        found[path] = client.get(path).content.decode()
    return found


def test_who_shares_anonymously_is_named_in_no_exit(db: None) -> None:
    sender, reader = Sender(make_institution("Valbrune-sur-Secret")), Sender()
    named = Sender(make_institution("Mériane-la-Nommée"))
    sender.json("45.1.2.3", {"value": "45.1.2.4"}, defaults={"anonymous": True, "comment": "seen"})
    named.json("45.1.2.4")
    publish()
    answers = exits(reader)
    assert any("45.1.2.3" in answer for answer in answers.values())
    assert any("Mériane-la-Nommée" in answer for answer in answers.values())
    for path, answer in answers.items():
        assert "Valbrune-sur-Secret" not in answer, path
        assert str(sender.institution.public_id) not in answer, path


def test_the_creator_of_every_object_is_the_community(sender: Sender) -> None:
    other = Sender()
    sender.json({"value": "45.1.2.3", "anonymous": True}, "45.1.2.4")
    other.json("45.1.2.5")
    publish()
    bodies = [json.loads(bytes(entry.body)) for entry in Entry.objects.filter(indicator__isnull=False)]
    assert len({body["created_by_ref"] for body in bodies}) == 1
    (anonymous,) = [body for body in bodies if body["name"] == "45.1.2.3"]
    assert "A member of the community" in anonymous["description"]
