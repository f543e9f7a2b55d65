"""STIX bundles as submissions: what an object says goes with its values, what it does not say is the sender's."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingestion.submissions.models import Submission
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.standard_objects import marking_refs
from tests.ingestion.submissions.conftest import Sender, row_counts
from tests.ingestion.submissions.test_long import taken_on, worked

STIX = "application/stix+json;version=2.1"
MADE = "2026-01-31T08:00:00.000Z"


def made(kind: str, **fields: Any) -> dict[str, Any]:
    """An object of that type."""
    number = uuid5(NAMESPACE_URL, json.dumps([kind, fields], sort_keys=True))
    return {
        "type": kind, "spec_version": "2.1", "id": f"{kind}--{number}", "created": MADE, "modified": MADE, **fields,
    }  # fmt: skip


def about(value: str, **fields: Any) -> dict[str, Any]:
    """An indicator of one address."""
    pattern = f"[ipv4-addr:value = '{value}']"
    return made("indicator", **{"pattern": pattern, "pattern_type": "stix", "valid_from": MADE, **fields})


def bundle(*objects: Any) -> dict[str, Any]:
    """A bundle of these."""
    return {"type": "bundle", "id": f"bundle--{uuid4()}", "objects": list(objects)}


def send(sender: Sender, *objects: Any, query: str = "", media_type: str = STIX) -> Any:
    """POST a bundle."""
    return sender.raw(json.dumps(bundle(*objects)).encode(), media_type, query)


def items(answer: Any) -> list[Any]:
    """The items of a 201."""
    assert answer.status_code == 201, answer.json()
    found: list[Any] = answer.json()["items"]
    return found


def test_what_an_indicator_says_goes_with_its_value(sender: Sender) -> None:
    document = about(
        "45.1.2.3", object_marking_refs=marking_refs(Marking(TLP.GREEN, PAP.RED)), labels=["c2", "campaign-7"],
        confidence=85,
        description="seen in the logs; admin@evil.org:hunter2secret", valid_until="2090-01-01T00:00:00Z",
    )  # fmt: skip
    (item,) = items(send(sender, document))
    assert (item["status"], item["type"], item["value"], item["line"]) == ("accepted", "ipv4", "45.1.2.3", 1)
    row = Contribution.unscoped.get()
    assert str(row.marking) == "TLP:GREEN PAP:RED"
    assert (row.threat_type, row.confidence, row.tags) == ("c2", 85, ["campaign-7"])
    assert row.valid_until is not None
    assert (row.valid_until.year, row.first_seen.isoformat()) == (2090, "2026-01-31T08:00:00+00:00")
    assert "hunter2secret" not in row.comment + Submission.objects.get().raw
    assert "45.1.2.3" in Submission.objects.get().raw


def test_query_parameters_are_the_defaults_of_what_an_object_does_not_say(sender: Sender) -> None:
    stated = about("45.1.2.4", object_marking_refs=marking_refs(Marking(TLP.CLEAR, PAP.CLEAR)))
    items(send(sender, about("45.1.2.3"), stated, query="?tlp=GREEN&pap=AMBER&threat_type=phishing&audience=own"))
    first, second = Contribution.unscoped.order_by("indicator__value")
    assert (str(first.marking), first.threat_type, first.audience) == ("TLP:GREEN PAP:AMBER", "phishing", "own")
    assert (str(second.marking), second.threat_type) == ("TLP:CLEAR PAP:CLEAR", "phishing")


def test_alternatives_are_items_of_the_same_line_and_what_is_no_value_is_refused(sender: Sender) -> None:
    two = about("", pattern="[domain-name:value IN ('evil-one.fr', 'evil-two.fr')]")
    windowed = about("", pattern="[ipv4-addr:value = 45.1.2.3]")
    found = items(send(sender, made("malware", is_family=False), two, windowed))
    assert [(item["line"], item["value"], item["reason"]) for item in found] == [
        (2, "evil-one.fr", None), (2, "evil-two.fr", None), (3, None, "pattern_not_simple"),
    ]  # fmt: skip


def test_what_is_more_than_values_is_a_rule_and_values_joined_by_and_are_told_so(sender: Sender) -> None:
    rule = about("", pattern="[domain-name:value LIKE '%.evil.fr']")
    both = about("", pattern="[domain-name:value = 'evil-a.fr' AND url:value = 'http://evil-b.fr/']")
    found = items(send(sender, rule, both))
    assert [(item["type"], item["status"]) for item in found] == [
        ("stix-pattern", "accepted"), ("domain", "accepted"), ("url", "accepted"),
    ]  # fmt: skip
    assert [item["warnings"] for item in found] == [[], ["part_of_pattern"], ["part_of_pattern"]]


def test_a_bundle_of_stix_2_0_is_read_with_the_observables_inside_of_observed_data(sender: Sender) -> None:
    green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
    old = {name: said for name, said in about("45.1.2.3").items() if name not in {"spec_version", "pattern_type"}}
    document = {**bundle({**old, "labels": ["phishing"], "object_marking_refs": [green]}), "spec_version": "2.0"}
    answer = sender.raw(json.dumps(document).encode(), "application/vnd.oasis.stix+json;version=2.0")
    assert [item["value"] for item in items(answer)] == ["45.1.2.3"]
    assert (Contribution.unscoped.get().tlp, Contribution.unscoped.get().threat_type) == (TLP.GREEN, "phishing")
    inner = {
        "0": {"type": "email-message", "from_ref": "1", "to_refs": ["2"]},
        "1": {"type": "email-addr", "value": "bad@evil-mail.fr"},
        "2": {"type": "email-addr", "value": "victim@univ.fr"},
        "3": {"type": "file", "name": "x.exe", "hashes": {"MD5": "a" * 31 + "b"}},
    }
    observed = {"type": "observed-data", "id": f"observed-data--{uuid4()}", "created": MADE, "modified": MADE,
                "object_marking_refs": [green], "objects": inner}  # fmt: skip
    answer = sender.raw(json.dumps({**bundle(observed), "spec_version": "2.0"}).encode(), STIX)
    assert [item["value"] for item in items(answer)] == ["bad@evil-mail.fr", "a" * 31 + "b"]
    assert "victim" not in str(answer.json())
    assert set(Contribution.unscoped.values_list("tlp", flat=True)) == {TLP.GREEN}


def test_observables_are_values_where_no_indicator_speaks_for_them(sender: Sender) -> None:
    address = {"type": "ipv4-addr", "id": f"ipv4-addr--{uuid4()}", "value": "45.1.2.3"}
    alone = {"type": "domain-name", "id": f"domain-name--{uuid4()}", "value": "evil-alone.fr"}
    refs = marking_refs(Marking(TLP.CLEAR, PAP.CLEAR))
    observed = made("observed-data", object_refs=[address["id"]], object_marking_refs=refs, number_observed=1)
    assert [item["value"] for item in items(send(sender, address, observed))] == ["45.1.2.3"]
    assert str(Contribution.unscoped.get().marking) == "TLP:CLEAR PAP:CLEAR"
    answer = send(sender, about("45.1.2.4"), address, observed, alone)
    assert [item["value"] for item in items(answer)] == ["45.1.2.4", "evil-alone.fr"]
    assert answer.json()["lines_without_indicator"] == [2, 3]


def test_of_several_reports_each_has_the_indicators_that_it_names(sender: Sender) -> None:
    one, two, three = about("45.1.2.3"), about("45.1.2.4"), about("45.1.2.5")
    first = made("report", name="A", object_refs=[one["id"], two["id"]],
                 object_marking_refs=marking_refs(Marking(TLP.GREEN, PAP.GREEN)))  # fmt: skip
    second = made("grouping", name="B", object_refs=[two["id"]])
    empty = made("report", name="C", object_refs=[f"malware--{uuid4()}"])
    answer = send(sender, one, two, three, first, second, empty)
    assert [(item["line"], item["status"]) for item in items(answer)] == [
        (1, "accepted"), (2, "accepted"), (2, "accepted"), (3, "accepted"),
    ]  # fmt: skip
    assert answer.json()["lines_without_indicator"] == [6]
    rows = Contribution.unscoped.values_list("report__title", "indicator__value")
    assert set(rows) == {("A", "45.1.2.3"), ("A", "45.1.2.4"), ("B", "45.1.2.4"), (None, "45.1.2.5")}
    assert dict(Report.objects.values_list("title", "tlp")) == {"A": TLP.GREEN, "B": TLP.AMBER}
    again = items(send(sender, one, two, three, first, second))
    assert {item["status"] for item in again} == {"refreshed"}


def test_what_says_nothing_of_a_value_is_told_by_its_place(sender: Sender) -> None:
    answer = send(sender, made("malware", is_family=False), about("45.1.2.3"), made("identity", name="X"))
    items(answer)
    assert answer.json()["lines_without_indicator"] == [1]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"spec_version": "3.0"}, "spec_version"),
        ({"revoked": True}, "revoked"),
        ({"pattern_type": "pcre"}, "pattern_type"),
        ({"object_marking_refs": [f"marking-definition--{uuid4()}"]}, "unknown_marking"),
        ({"labels": ["tlp:clear", "tlp:red"]}, "conflicting_markings"),
        ({"labels": ["tlp:red"]}, "red_names_persons"),
        ({"labels": ["tlp:red"], "created_by_ref": f"identity--{uuid4()}"}, "red_names_persons"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "in_the_past"),
        ({"confidence": 101}, "bad_confidence"),
    ],
)
def test_one_that_cannot_be_taken_is_refused_alone(wrong: dict[str, Any], reason: str, sender: Sender) -> None:
    found = items(send(sender, about("45.1.2.3", **wrong), about("45.1.2.4")))
    assert [(item["status"], item["reason"]) for item in found] == [("refused", reason), ("accepted", None)]
    assert [row.indicator.value for row in Contribution.unscoped.select_related("indicator")] == ["45.1.2.4"]


def test_of_several_versions_the_newest_speaks(sender: Sender) -> None:
    old = about("45.1.2.3")
    new = {**old, "modified": "2026-02-01T00:00:00Z", "revoked": True}
    assert [item["reason"] for item in items(send(sender, old, new))] == ["older_version", "revoked"]
    assert not Contribution.unscoped.exists()


def test_what_names_another_originator_is_kept_to_the_institution(sender: Sender) -> None:
    others, ours = made("identity", name="CERT X"), made("identity", name=f"  {sender.institution.name.upper()} ")
    amber = marking_refs(Marking(TLP.AMBER, PAP.GREEN))
    objects = [
        about("45.1.2.3", created_by_ref=others["id"], object_marking_refs=amber),
        about("45.1.2.4", created_by_ref=ours["id"], object_marking_refs=amber),
        about("45.1.2.5", created_by_ref=others["id"], object_marking_refs=marking_refs(Marking(TLP.GREEN, PAP.GREEN))),
    ]
    found = items(send(sender, *objects, others, ours))
    assert [item["warnings"] for item in found] == [["kept_to_own"], [], []]
    audiences = Contribution.unscoped.order_by("indicator__value").values_list("audience", flat=True)
    assert list(audiences) == ["own", "community", "community"]


def test_the_default_marking_decides_for_an_originator_that_says_none(sender: Sender) -> None:
    other = made("identity", name="CERT X")
    document = about("45.1.2.3", created_by_ref=other["id"])
    assert items(send(sender, document, other, query="?tlp=GREEN"))[0]["warnings"] == []
    assert items(send(sender, about("45.1.2.4", created_by_ref=other["id"]), other))[0]["warnings"] == ["kept_to_own"]


def test_a_report_around_all_indicators_is_theirs_with_its_own_marking(sender: Sender) -> None:
    one = about("45.1.2.3", object_marking_refs=marking_refs(Marking(TLP.CLEAR, PAP.CLEAR)))
    refs = marking_refs(Marking(TLP.AMBER_STRICT, PAP.RED))
    story = made("report", name="Campaign", description="How.", object_refs=[one["id"]], object_marking_refs=refs)
    items(send(sender, one, story))
    report = Report.objects.get()
    assert (report.title, report.description, report.tlp, report.pap) == (
        "Campaign", "How.", TLP.AMBER_STRICT, PAP.RED,
    )  # fmt: skip
    row = Contribution.unscoped.get()
    assert (row.report, str(row.marking)) == (report, "TLP:CLEAR PAP:CLEAR")


def test_the_marking_of_a_report_is_not_that_of_indicators_without_one(sender: Sender) -> None:
    one = about("45.1.2.3")
    refs = marking_refs(Marking(TLP.CLEAR, PAP.CLEAR))
    items(send(sender, one, made("report", name="C", object_refs=[one["id"]], object_marking_refs=refs)))
    assert Report.objects.get().tlp == TLP.CLEAR
    assert str(Contribution.unscoped.get().marking) == "TLP:AMBER PAP:GREEN"


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        ([], "not_a_bundle", "/"),
        ({"type": "indicator"}, "not_a_bundle", "/"),
        (bundle(), "not_a_bundle", "/objects"),
        (bundle(about("45.1.2.3"), 7), "not_a_bundle", "/objects/1"),
        (bundle(made("report", name="", object_refs=[])), "title_missing", "/objects/0"),
        (bundle(made("report", name="C", object_refs=[], labels=["tlp:red"])), "red_names_persons", "/objects/0"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_as_a_whole_is_a_problem(document: Any, code: str, where: str, sender: Sender) -> None:
    before = row_counts()
    answer = sender.raw(json.dumps(document).encode(), STIX)
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (422, code, where)
    assert answer["Content-Type"] == "application/problem+json"
    assert row_counts() == before


@pytest.mark.parametrize("media_type", ["application/stix+json;version=3.0", "application/stix+json;charset=utf-16"])
def test_other_versions_and_charsets_are_no_media_type_of_ours(media_type: str, sender: Sender) -> None:
    assert send(sender, about("45.1.2.3"), media_type=media_type).status_code == 415


def test_the_version_may_be_left_out_and_trying_stores_nothing(sender: Sender) -> None:
    before = row_counts()
    answer = send(sender, about("45.1.2.3"), query="?dry_run=1", media_type="application/stix+json")
    assert (answer.status_code, answer.json()["counts"]["accepted"]) == (200, 1)
    assert row_counts() == before


def test_a_body_above_what_may_be_is_refused_with_its_limit(sender: Sender, settings: Any) -> None:
    settings.BULK_MAX_BYTES = 2000
    answer = send(sender, about("45.1.2.3", description="x" * 2000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def _short(sender: Sender, objects: list[Any]) -> list[tuple[Any, ...]]:
    answer = send(sender, *objects)
    return _told(items(answer), answer.json()["id"])


def _long(sender: Sender, objects: list[Any]) -> list[tuple[Any, ...]]:
    filler = [about(f"45.9.{n // 250}.{n % 250}") for n in range(501)]
    body = taken_on(send(sender, *objects, *filler))
    worked(body)
    count = len(sender.items(body["items_url"])) - len(filler)
    return _told(sender.items(body["items_url"])[:count], body["id"])


def _told(found: list[Any], submission: str) -> list[tuple[Any, ...]]:
    said = {
        row.indicator.value: (str(row.marking), row.audience, row.threat_type, row.confidence, row.comment, row.tags)
        for row in Contribution.unscoped.filter(submission=submission).select_related("indicator")
    }
    names = ("index", "line", "input", "type", "value", "status", "reason", "warnings")
    return [(*(item[name] for name in names), said.get(item["value"])) for item in found]


@pytest.mark.usefixtures("working")
@settings(
    max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "labels": st.lists(st.sampled_from(["tlp:green", "PAP:RED", "c2", "odd", "tlp:red"]), max_size=2),
                "confidence": st.integers(-1, 101),
                "description": st.sampled_from(["known", "bob@evil.org:hunter2secret"]),
                "created_by_ref": st.just(f"identity--{uuid4()}"),
                "revoked": st.booleans(),
                "pattern": st.sampled_from(["[domain-name:value = '*.evil-wide.fr']", "[a:b = 'c']", "broken"]),
            },
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_a_long_bundle_says_what_a_short_one_says(sender: Sender, said: list[dict[str, Any]]) -> None:
    objects = [about(f"45.1.2.{number}", name=f"n{number}", **fields) for number, fields in enumerate(said)]
    short = _short(sender, objects)
    Contribution.unscoped.all().delete()
    assert _long(sender, objects) == short
    Contribution.unscoped.all().delete()


@pytest.mark.usefixtures("working")
def test_a_long_bundle_keeps_its_report_and_tells_its_silent_objects(sender: Sender) -> None:
    indicators = [about(f"45.1.{n // 250}.{n % 250}") for n in range(501)]
    story = made(
        "report", name="Campaign", object_refs=[found["id"] for found in indicators],
        object_marking_refs=marking_refs(Marking(TLP.GREEN, PAP.AMBER)),
    )  # fmt: skip
    body = taken_on(send(sender, made("malware", is_family=False), story, *indicators))
    assert body["lines_without_indicator"] == [1]
    assert worked(body).accepted == 501
    report = Report.objects.get()
    assert (report.title, report.tlp, report.pap) == ("Campaign", TLP.GREEN, PAP.AMBER)
    assert set(Contribution.unscoped.values_list("report_id", "tlp")) == {(report.pk, TLP.AMBER)}
    assert Indicator.unscoped.count() == 501


@pytest.mark.usefixtures("working")
def test_a_long_bundle_has_several_reports_too(sender: Sender) -> None:
    indicators = [about(f"45.1.{n // 250}.{n % 250}") for n in range(501)]
    ids = [found["id"] for found in indicators]
    stories = [made("report", name=name, object_refs=refs) for name, refs in (("A", ids[:2]), ("B", ids[1:500]))]
    body = taken_on(send(sender, *indicators, *stories))
    assert worked(body).accepted == 502
    rows = Contribution.unscoped.values_list("report__title", flat=True)
    assert Counter(rows) == {"A": 2, "B": 499, None: 1}


def test_a_validity_to_come_is_told_as_it_was_said(sender: Sender) -> None:
    end = clock.now() + timedelta(days=30)
    items(send(sender, about("45.1.2.3", valid_until=stamp(end))))
    assert Contribution.unscoped.get().valid_until == end
