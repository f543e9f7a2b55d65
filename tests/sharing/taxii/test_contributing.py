"""What is posted is shared as it says: markings, audiences, stories, versions, and taking back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from ingestion.submissions.models import Submission, SubmissionItem
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.models import Entry
from sharing.taxii.models import DepotObject, DepotStatement
from tests.factories import make_institution, make_reader, publish, unused_address
from tests.sharing.taxii.depositor import GREEN, Depositor, stix
from tests.sharing.taxii.machine import Machine

CLEAR_1 = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
PAP_RED = "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"


def _live(depositor: Depositor, value: str = "") -> Contribution:
    """The only live statement of the institution (on a value)."""
    rows = Contribution.unscoped.filter(institution=depositor.reader.institution, withdrawn_at__isnull=True)
    return rows.get(indicator__value=value) if value else rows.get()


def _message(status: dict[str, Any], number: int = 0) -> str:
    return str(status["successes"][number].get("message", ""))


def _post_text(depositor: Depositor, value: str) -> None:
    response = depositor.client.post(
        "/api/v1/submissions", value, content_type="text/plain", headers=depositor.reader.headers
    )
    assert response.status_code == 201


def test_an_indicator_becomes_a_statement_of_its_sender(depositor: Depositor) -> None:
    value = unused_address()
    depositor.stored(
        stix(
            value=value, object_marking_refs=[GREEN, PAP_RED], confidence=85, valid_until="2099-01-01T00:00:00Z",
            labels=["phishing", "tool:x", "iocmarket:expired"], description="Vu sur le VPN. bob@x.fr:hunter22",
        )
    )  # fmt: skip
    said = _live(depositor, value)
    assert (said.tlp, said.pap, said.audience, said.confidence) == (TLP.GREEN, PAP.RED, "community", 85)
    assert (said.threat_type, said.tags) == ("phishing", ["tool:x"])
    assert said.valid_until is not None
    assert said.valid_until.year == 2099
    assert said.first_seen.isoformat() == "2026-01-01T00:00:00+00:00"
    assert "Vu sur le VPN" in said.comment
    assert "hunter22" not in said.comment
    submission = Submission.objects.get(public_id=str(said.submission))
    assert (submission.channel, submission.accepted) == ("taxii", 1)
    assert Event.objects.filter(action="depot.received").count() == 1


def test_without_a_marking_the_community_s_defaults_apply(depositor: Depositor) -> None:
    depositor.stored(stix())
    said = _live(depositor)
    assert (said.tlp, said.pap, said.audience) == (TLP.AMBER, PAP.GREEN, "community")


def test_another_institution_reads_it_in_the_community(depositor: Depositor) -> None:
    value = unused_address()
    one = stix(value=value)
    depositor.stored(one)
    publish()
    other = Machine(make_reader())
    publish()
    path = f"{other.collection()}objects/"

    def states() -> list[str]:
        found = other.get(path, {"match[type]": "indicator"}).json().get("objects", [])
        return [o["name"] for o in found]

    assert states() == [value]
    assert depositor.send("DELETE", f"{depositor.depot}objects/{one['id']}/").status_code == 200
    publish()
    assert Entry.objects.filter(view__audience="community", state=Entry.State.WITHDRAWN).count() == 1
    assert states() == ["withdrawn"]


@pytest.mark.parametrize(
    ("marking", "tlp", "pap"),
    [
        ({"object_marking_refs": [CLEAR_1]}, TLP.CLEAR, PAP.GREEN),
        ({"labels": ["TLP:AMBER+STRICT", "PAP:AMBER"]}, TLP.AMBER_STRICT, PAP.AMBER),
        ({"labels": ["tlp:white"], "object_marking_refs": [CLEAR_1]}, TLP.CLEAR, PAP.GREEN),
        ({"granular_markings": [{"marking_ref": GREEN, "selectors": ["name"]}, {"lang": "fr"}]}, TLP.GREEN, PAP.GREEN),
    ],
)
def test_what_carries_a_marking_keeps_it(depositor: Depositor, marking: dict[str, Any], tlp: TLP, pap: PAP) -> None:
    depositor.stored(stix(**marking))
    assert (_live(depositor).tlp, _live(depositor).pap) == (tlp, pap)


@pytest.mark.parametrize(
    ("reason", "extra"),
    [
        ("conflicting_markings", {"object_marking_refs": [GREEN, CLEAR_1]}),
        ("conflicting_markings", {"object_marking_refs": [GREEN], "labels": ["tlp:clear"]}),
        ("unknown_marking", {"object_marking_refs": [f"marking-definition--{uuid4()}"]}),
        ("unknown_tlp", {"labels": ["TLP:PURPLE"]}),
        ("unknown_pap", {"labels": ["PAP:BLUE"]}),
        ("bad_confidence", {"confidence": 101}),
        ("in_the_past", {"valid_until": "2020-01-01T00:00:00Z"}),
        ("pattern_type", {"pattern": "^evil", "pattern_type": "pcre"}),
        ("pattern_not_simple", {"pattern": "[url:value = http://a.fr/]"}),
        ("pattern_property", {"pattern": "[process:cwd = 'x']"}),
        ("loopback", {"pattern": "[ipv4-addr:value = '127.0.0.1']"}),
        ("credential", {"pattern": "[email-addr:value = 'bob@evil.fr:hunter22']"}),
    ],
)
def test_what_cannot_be_shared_stays_stored_and_says_why(
    depositor: Depositor, reason: str, extra: dict[str, Any]
) -> None:
    one = stix(**extra)
    status = depositor.stored(one)
    assert f"not shared: {reason}: " in _message(status)
    assert depositor.objects() == [one]
    assert depositor.said() == []
    [item] = SubmissionItem.objects.all()
    assert (item.status, item.reason) == ("refused", reason)
    assert item.detail


def test_one_pattern_may_hold_several_values(depositor: Depositor) -> None:
    first, second = sorted([unused_address(), unused_address()])
    pattern = f"[ipv4-addr:value = '{first}' OR ipv4-addr:value = '{second}'] OR [ipv4-addr:value = '127.0.0.1']"
    status = depositor.stored(stix(pattern=pattern))
    assert depositor.said() == sorted([first, second])
    assert "loopback" in _message(status)


def test_a_marking_that_is_defined_beside_it_is_understood(depositor: Depositor) -> None:
    def definition(**extra: Any) -> dict[str, Any]:
        found = stix("marking-definition", **extra)
        del found["modified"]
        return found

    clear = definition(definition_type="TLP", definition={"TLP": "TLP:CLEAR"})
    statement = definition(definition_type="statement", definition={"statement": "© nobody"})
    strict = definition(name="TLP:AMBER+STRICT")
    other = definition(name="Acme internal", definition_type="acme", definition={"level": 7})
    one, two = stix(object_marking_refs=[clear["id"], statement["id"]]), stix(object_marking_refs=[other["id"]])
    status = depositor.stored(one, two, statement, clear, other, strict)
    assert "unknown_marking" in _message(status, 1)
    assert _live(depositor).tlp == TLP.CLEAR
    value = unused_address()
    depositor.stored(stix(value=value, object_marking_refs=[strict["id"]]))  # defined in an earlier post
    assert _live(depositor, value).tlp == TLP.AMBER_STRICT


def test_red_by_a_definition_of_another_platform_is_not_stored(depositor: Depositor) -> None:
    red = stix("marking-definition", name="TLP:RED")
    del red["modified"]
    status = depositor.post(stix(object_marking_refs=[red["id"]]), red).json()
    assert status["failures"][0]["message"].startswith("tlp_red: ")
    assert [found["type"] for found in depositor.objects()] == ["marking-definition"]


def test_what_another_made_and_is_amber_stays_in_the_own_institution(depositor: Depositor) -> None:
    name = depositor.reader.institution.name.upper()
    own, foreign = stix("identity", name=f" {name}"), stix("identity", name="CERT Ailleurs")
    values = [unused_address() for _ in range(5)]
    status = depositor.stored(
        foreign,
        own,
        stix(value=values[0], created_by_ref=foreign["id"]),
        stix(value=values[1], created_by_ref=foreign["id"], object_marking_refs=[AMBER]),
        stix(value=values[2], created_by_ref=foreign["id"], object_marking_refs=[GREEN]),
        stix(value=values[3], created_by_ref=own["id"], object_marking_refs=[AMBER]),
        stix(value=values[4], created_by_ref=f"identity--{uuid4()}"),
    )
    audiences = [_live(depositor, value).audience for value in values]
    assert audiences == ["own", "own", "community", "community", "own"]
    assert "kept to your institution" in _message(status, 2)
    assert _message(status, 4) == ""


def test_a_new_version_says_what_it_says_and_takes_the_rest_back(depositor: Depositor) -> None:
    first, second = unused_address(), unused_address()
    one = stix(value=first)
    depositor.stored(one)
    depositor.stored(stix(id=one["id"], value=second, day=2))
    assert depositor.said() == [second]
    late = stix(id=one["id"], value=first, day=1, modified="2026-01-01T12:00:00.000Z")
    depositor.stored(late)  # older than the newest: history, not a statement
    assert depositor.said() == [second]


def test_revoked_takes_it_back(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one)
    depositor.stored({**one, "modified": "2026-01-02T00:00:00.000Z", "revoked": True})
    assert depositor.said() == []
    assert not DepotStatement.objects.exists()
    depositor.stored(stix(revoked=True))
    assert depositor.said() == []


def test_what_two_objects_say_goes_with_the_last_of_them(depositor: Depositor) -> None:
    value = unused_address()
    one, two = stix(value=value), stix(value=value)
    depositor.stored(one)
    depositor.stored(two)
    depositor.send("DELETE", f"{depositor.depot}objects/{one['id']}/")
    assert depositor.said() == [value]
    depositor.send("DELETE", f"{depositor.depot}objects/{two['id']}/")
    assert depositor.said() == []


@pytest.mark.parametrize("order", ["before", "after"])
def test_what_was_also_said_otherwise_stays(depositor: Depositor, order: str) -> None:
    value = unused_address()
    one = stix(value=value)
    acts = [lambda: _post_text(depositor, value), lambda: depositor.stored(one)]
    for act in acts if order == "before" else reversed(acts):
        act()
    depositor.send("DELETE", f"{depositor.depot}objects/{one['id']}/")
    assert depositor.said() == [value]


def test_a_narrow_token_takes_back_what_became_stricter_since(depositor: Depositor) -> None:
    one = stix(object_marking_refs=[GREEN])
    depositor.stored(one)
    Contribution.unscoped.update(tlp=TLP.AMBER_STRICT)
    narrow = depositor.other("indicators:read", "indicators:write", tlp_ceiling=TLP.GREEN)
    assert narrow.send("DELETE", f"{depositor.depot}objects/{one['id']}/").status_code == 200
    assert depositor.said() == []


# — Stories —


def _report(*about: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return stix(
        "report", name="Hameçonnage de novembre", description="Un récit. bob@x.fr:hunter22",
        published="2026-01-01T00:00:00Z", object_refs=[found["id"] for found in about], **extra,
    )  # fmt: skip


def test_a_report_is_the_story_around_its_indicators(depositor: Depositor) -> None:
    one, two, alone = stix(), stix(), stix()
    depositor.stored(one, two, alone, _report(one, two, object_marking_refs=[GREEN]))
    [report] = Report.objects.all()
    assert (report.title, report.tlp) == ("Hameçonnage de novembre", TLP.GREEN)
    assert "hunter22" not in report.description
    assert sorted(report.contributions.filter(withdrawn_at__isnull=True).values_list("indicator__value", flat=True)) \
        == sorted(found["pattern"][20:-2] for found in (one, two))  # fmt: skip
    assert _live(depositor, alone["pattern"][20:-2]).report is None
    assert len(depositor.said()) == 3


def test_a_report_that_comes_later_takes_its_indicators_in(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one)
    report = _report(one)
    depositor.stored(report)
    assert _live(depositor).report is not None
    depositor.stored({**report, "modified": "2026-01-02T00:00:00.000Z", "object_refs": [f"indicator--{uuid4()}"]})
    assert _live(depositor).report is None


def test_deleting_a_report_leaves_its_indicators(depositor: Depositor) -> None:
    one = stix()
    report = _report(one, type="grouping", id=f"grouping--{uuid4()}", context="malware-analysis")
    depositor.stored(one, report)
    assert _live(depositor).report is not None
    depositor.send("DELETE", f"{depositor.depot}objects/{report['id']}/")
    assert _live(depositor).report is None


def test_an_indicator_in_two_reports_is_said_in_both(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one, _report(one), {**_report(one), "name": "Un autre récit"})
    assert sorted(depositor.said()) == [one["pattern"][20:-2]] * 2
    depositor.send("DELETE", f"{depositor.depot}objects/{one['id']}/")
    assert depositor.said() == []


def test_a_report_that_is_not_understood_leaves_its_indicators_alone(depositor: Depositor) -> None:
    one = stix()
    status = depositor.stored(one, _report(one, labels=["TLP:PURPLE"]))
    assert "shared without its report: unknown_tlp" in _message(status)
    assert _live(depositor).report is None


def test_other_objects_are_stored_and_say_nothing(depositor: Depositor) -> None:
    one = stix()
    sighting = stix("sighting", sighting_of_ref=one["id"], count=3)
    relation = stix("relationship", relationship_type="based-on", source_ref=one["id"], target_ref=one["id"])
    malware = stix("malware", is_family=False, name="x")
    depositor.stored(sighting, relation, malware, stix("x-thing"))
    assert len(depositor.objects()) == 4
    assert not Submission.objects.exists()


# — Whole or not at all —


def test_more_than_one_chunk_is_stored_and_shared(depositor: Depositor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sharing.taxii.depositing.CHUNK", 3)
    monkeypatch.setattr("sharing.taxii.contributing.CHUNK", 2)
    sent = [stix() for _ in range(8)]
    status = depositor.stored(*sent, _report(*sent))
    assert status["success_count"] == 9
    assert len(depositor.said()) == 8
    assert {said.report is not None for said in Contribution.unscoped.filter(withdrawn_at__isnull=True)} == {True}


def test_a_chunk_that_fails_leaves_nothing_and_can_be_sent_again(
    depositor: Depositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    one = stix()
    depositor.depot  # noqa: B018 (it exists before)
    with monkeypatch.context() as patched, transaction.atomic():
        patched.setattr("sharing.taxii.contributing.submit", broken)
        with pytest.raises(OSError, match="full"):
            depositor.post(one)
    assert not DepotObject.objects.exists()
    depositor.stored(one)
    assert len(depositor.said()) == 1


def test_institutions_do_not_meet_in_their_depots(depositor: Depositor) -> None:
    one = stix()
    depositor.stored(one)
    stranger = make_institution()
    assert stranger.pk != depositor.reader.institution.pk
    other = Depositor(make_reader(scopes=["indicators:read", "indicators:write"]))
    assert other.objects(version="all") == []
    other.stored({**one, "name": "another's"})
    assert depositor.objects() == [one]
    other.send("DELETE", f"{other.depot}objects/{one['id']}/")
    assert depositor.said() == [one["pattern"][20:-2]]
