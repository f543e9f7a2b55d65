"""Reporting sightings: what is accepted, whom a report reaches, how reports are counted, how they are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.leaving import leave_circle
from iocmarket.indicators.models import Contribution, Indicator, Sighting
from iocmarket.indicators.sightings import Observation, may_retract, report_sightings, retract
from iocmarket.indicators.visibility import circles_of, visible
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import FULL, PAP, PARTNER, PROVIDER, TLP, Marking
from iocmarket.publication.models import Outbox
from tests.factories import contribute, indicator_of, make_institution, make_member, report, viewer_for, withdraw
from tests.statements import statements_of

WRITE = ["sightings:write"]
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def reporter_of(institution: Institution, **extra: Any) -> Viewer:
    return replace(viewer_for(institution, scopes=WRITE), **extra)


def seen(indicator: Indicator, **extra: Any) -> Observation:
    return Observation(kind="seen", public_id=indicator.public_id, **extra)


# — What is accepted —


@pytest.mark.django_db
def test_a_visible_value_is_named_by_its_digest_or_its_id() -> None:
    indicator = contribute(make_institution(), "45.7.7.7").indicator
    items = [seen(indicator), Observation(kind="expired", digest=digest_of("ipv4", "45.7.7.7"))]
    results = report_sightings(items, reporter_of(make_institution()))
    assert [(result.status, result.indicator) for result in results] == [("accepted", indicator)] * 2
    assert set(Sighting.unscoped.values_list("public_id", flat=True)) == {result.sighting for result in results}


@pytest.mark.django_db
def test_hidden_and_unknown_are_refused_alike_by_the_same_statements() -> None:
    author, me = make_institution(), make_institution()
    hidden = [contribute(author, audience="own").indicator, contribute(author, tlp=TLP.RED).indicator]
    gone = contribute(author)
    withdraw(gone)
    results: dict[str, Any] = {}

    def ask(name: str, ids: list[Any]) -> list[str]:
        items = [Observation(kind=kind, public_id=pk) for pk, kind in zip(ids, Sighting.Kind.values, strict=True)]
        return statements_of(lambda: results.__setitem__(name, report_sightings(items, reporter_of(me))))

    for_hidden = ask("hidden", [row.public_id for row in (*hidden, gone.indicator)])
    for_unknown = ask("unknown", [uuid4() for _ in range(3)])
    assert for_hidden == for_unknown
    assert results["hidden"] == results["unknown"]
    assert {(result.status, result.reason) for result in results["hidden"]} == {("refused", "unknown")}
    assert not Sighting.unscoped.exists()


@pytest.mark.django_db
def test_the_number_of_statements_does_not_follow_the_number_of_items() -> None:
    author, me = make_institution(), make_institution()
    values = [contribute(author).indicator for _ in range(12)]
    few, many = (
        statements_of(lambda rows=rows: report_sightings([seen(row) for row in rows], reporter_of(me)))  # type: ignore[misc]
        for rows in (values[:2], values[2:])
    )
    assert few == many


FAULTS = [
    ({"kind": "noise"}, "unknown_kind", "/kind"),
    ({"count": 0}, "bad_count", "/count"),
    ({"count": 10**9}, "bad_count", "/count"),
    ({"seen_at": datetime(1969, 12, 31, tzinfo=UTC)}, "bad_date", "/seen_at"),
    ({"seen_at": NOW + timedelta(minutes=6)}, "in_the_future", "/seen_at"),
    ({"source": "x" * 201}, "too_long", "/source"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("fields", "code", "where"), FAULTS)
def test_nothing_is_stored_of_a_request_with_a_fault(fields: dict[str, Any], code: str, where: str) -> None:
    indicator = contribute(make_institution()).indicator
    with time_machine.travel(NOW, tick=False), pytest.raises(Refusal) as caught:
        report_sightings([seen(indicator), replace(seen(indicator), **fields)], reporter_of(make_institution()))
    assert (caught.value.code, caught.value.where) == (code, f"/sightings/1{where}")
    assert not Sighting.unscoped.exists()


@pytest.mark.django_db
def test_who_may_not_write_sightings_reports_none_and_a_request_is_bounded() -> None:
    indicator = contribute(make_institution()).indicator
    with pytest.raises(Refusal, match="scope_missing"):
        report_sightings([seen(indicator)], viewer_for(make_institution(), scopes=["indicators:write"]))
    with pytest.raises(Refusal, match="too_many_items"):
        report_sightings([seen(indicator)] * 1001, reporter_of(make_institution()))


@pytest.mark.django_db
def test_a_clock_that_runs_ahead_a_little_is_believed_to_mean_now() -> None:
    with time_machine.travel(NOW, tick=False):
        made = report(make_institution(), contribute(make_institution()), "seen", seen_at=NOW + timedelta(minutes=4))
    assert made.seen_at == NOW


@pytest.mark.django_db
def test_a_report_is_announced_now_and_audited_without_the_value() -> None:
    me, said = make_institution(), contribute(make_institution(), "45.7.7.8")
    Outbox.objects.all().delete()
    report(me, said)
    (told,) = Outbox.objects.all()
    assert (told.indicator_id, told.audiences, told.lane) == (said.indicator_id, ["community"], Outbox.Lane.NOW)
    event = Event.objects.get(action="sighting.reported")
    assert event.details == {"received": 1, "accepted": 1, "kinds": {"false-positive": 1}}
    assert event.institution_id == me.pk


# — How reports are counted —


@pytest.mark.django_db
def test_what_is_seen_within_one_hour_is_one_row() -> None:
    me, said = make_institution(), contribute(make_institution())
    at = NOW.replace(minute=5)
    with time_machine.travel(NOW, tick=False):
        first = report(me, said, "seen", seen_at=at, source="IDS")
        again = report(me, said, "seen", seen_at=at + timedelta(minutes=20), count=41)
        later = report(me, said, "seen", seen_at=at - timedelta(hours=1))
    assert first.pk == again.pk != later.pk
    assert (again.count, again.seen_at, again.source) == (42, at + timedelta(minutes=20), "IDS")
    assert later.count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["false-positive", "expired"])
def test_of_the_other_kinds_one_row_stands_until_it_is_taken_back(kind: str) -> None:
    me, said = make_institution(), contribute(make_institution())
    first = report(me, said, kind, seen_at=NOW - timedelta(days=3))
    again = report(me, said, kind, seen_at=NOW - timedelta(days=9))
    assert (first.pk, again.count, again.seen_at) == (again.pk, 2, NOW - timedelta(days=3))
    retract(first, viewer=reporter_of(me))
    assert report(me, said, kind).pk != first.pk


@pytest.mark.django_db
def test_repeats_in_one_request_are_one_row_and_each_has_its_result() -> None:
    indicator = contribute(make_institution()).indicator
    results = report_sightings([seen(indicator, count=2), seen(indicator, count=3)], reporter_of(make_institution()))
    assert [result.status for result in results] == ["accepted", "refreshed"]
    assert Sighting.unscoped.get().count == 5


@pytest.mark.django_db
def test_reports_of_different_institutions_are_not_counted_together() -> None:
    said = contribute(make_institution())
    assert report(make_institution(), said, "seen").pk != report(make_institution(), said, "seen").pk


# — Whom a report reaches —

AUDIENCES = ["own", "community", "recipients", "circle"]
people = st.integers(0, 2)
statements = st.fixed_dictionaries(
    {
        "who": people,
        "audience": st.sampled_from(AUDIENCES),
        "recipients": st.sets(people, min_size=1),
        "circle": st.integers(0, 1),
        "named": st.sets(people, min_size=1),
        "tlp": st.sampled_from(TLP),
        "pap": st.sampled_from(PAP),
        "anonymous": st.booleans(),
    }
)
relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@pytest.fixture
def members(db: None) -> list[Member]:
    """One person in each of three institutions."""
    return [make_member(make_institution()) for _ in range(3)]


@pytest.fixture
def circles(members: list[Member]) -> list[Circle]:
    """Two circles: the first and second institution are in one, the second and third in the other."""
    made = []
    for number in range(2):
        founder, other = (members[number + step].institution for step in (0, 1))
        assert founder is not None
        assert other is not None
        made.append(create_circle(name=f"Cercle {number}", founder=founder, actor=PLATFORM))
        join_circle(made[-1], other, actor=PLATFORM)
    return made


def _say(drawn: dict[str, Any], number: int, members: list[Member], circles: list[Circle]) -> Contribution:
    """One statement on 45.6.6.6, each in a report of its own so that none replaces another."""
    institution = members[drawn["who"]].institution
    assert institution is not None
    red = drawn["tlp"] == TLP.RED
    audience = ("recipients" if drawn["audience"] != "own" else "own") if red else drawn["audience"]
    named = sorted(members[who].pk for who in drawn["named"]) if red and audience == "recipients" else []
    others = [one for who in sorted(drawn["recipients"]) if (one := members[who].institution) is not None]
    return contribute(
        institution,
        "45.6.6.6",
        audience=audience,
        recipients=others if audience == "recipients" and not red else [],
        circle=circles[drawn["circle"]] if audience == "circle" else None,
        named_members=named,
        author=members[drawn["who"]],
        tlp=drawn["tlp"],
        pap=drawn["pap"],
        anonymous=drawn["anonymous"],
        report=institution.reports.create(title=f"Rapport {number}"),
    )


def _widest(rows: list[Contribution]) -> Contribution:
    """The rule, once more."""
    rank = {"community": 0, "circle": 1, "recipients": 2, "own": 3}
    return min(rows, key=lambda row: (rank[row.audience], row.tlp, row.pap, row.pk))


@given(
    drawn=st.lists(statements, min_size=1, max_size=6),
    who=people,
    person=st.booleans(),
    ceiling=st.sampled_from([FULL, PROVIDER, PARTNER]),
    kind=st.sampled_from(Sighting.Kind.values),
)
@relaxed
def test_a_report_is_told_as_the_widest_statement_that_the_reporter_sees_and_to_nobody_else(
    members: list[Member],
    circles: list[Circle],
    drawn: list[dict[str, Any]],
    who: int,
    person: bool,
    ceiling: Marking,
    kind: str,
) -> None:
    with transaction.atomic():
        point = transaction.savepoint()
        for number, said in enumerate(drawn):
            _say(said, number, members, circles)
        mine = viewer_of_member(members[who])
        viewer = mine if person else Viewer(institution_id=mine.institution_id, ceiling=ceiling, scopes=mine.scopes)
        indicator = indicator_of("45.6.6.6", type_name="ipv4")
        seen_by_me = list(Contribution.objects.visible_to(viewer).filter(indicator=indicator))
        (result,) = report_sightings([Observation(kind=kind, public_id=indicator.public_id)], viewer)
        assert (result.status == "refused") is (not seen_by_me)
        if seen_by_me:
            _check_reach(Sighting.unscoped.get(), _widest(seen_by_me), seen_by_me, viewer, members)
        transaction.savepoint_rollback(point)


def _check_reach(
    made: Sighting, widest: Contribution, seen_by_me: list[Contribution], viewer: Viewer, members: list[Member]
) -> None:
    assert (made.audience, made.circle_id, made.marking) == (widest.audience, widest.circle_id, widest.marking)
    own_hidden = [row for row in seen_by_me if row.institution_id == viewer.institution_id and row.anonymous]
    assert made.anonymous is bool(own_hidden)
    assert Sighting.objects.visible_to(viewer).filter(pk=made.pk).exists()
    for member in members:
        session = viewer_of_member(member)
        machine = Viewer(institution_id=session.institution_id, ceiling=FULL)
        for other in (session, machine, replace(machine, ceiling=PROVIDER), replace(machine, ceiling=PARTNER)):
            told = Sighting.objects.visible_to(other).filter(pk=made.pk).exists()
            assert told is bool(visible(made, other, circles=set(circles_of(other.institution_id))))
            by_statement = bool(visible(widest, other, circles=set(circles_of(other.institution_id))))
            assert told is by_statement


@pytest.mark.django_db
def test_the_name_of_who_speaks_anonymously_is_not_given_away() -> None:
    me, other = make_institution(), make_institution()
    contribute(other, "45.6.6.6")
    own = contribute(me, "45.6.6.6", anonymous=True)
    assert report(me, own, "seen").anonymous
    assert not report(other, own, "seen").anonymous


@pytest.mark.django_db
def test_leaving_a_circle_takes_back_what_was_reported_there() -> None:
    me, author = make_institution(), make_institution()
    circle = create_circle(name="Cercle", founder=author, actor=PLATFORM)
    join_circle(circle, me, actor=PLATFORM)
    made = report(me, contribute(author, audience="circle", circle=circle))
    Outbox.objects.all().delete()
    leave_circle(circle, me, actor=PLATFORM)
    made.refresh_from_db()
    assert made.withdrawn_at is not None
    assert [row.audiences for row in Outbox.objects.all()] == [[f"circle:{circle.pk}"]]


# — Taking back —


@pytest.mark.django_db
def test_the_reporter_takes_back_and_nobody_else() -> None:
    me, said = make_institution(), contribute(make_institution())
    made = report(me, said)
    for viewer, reason in ((reporter_of(make_institution()), "not_yours"), (viewer_for(me), "scope_missing")):
        with pytest.raises(Refusal, match=reason):
            retract(made, viewer=viewer)
    Outbox.objects.all().delete()
    retract(made, viewer=reporter_of(me))
    retract(made, viewer=reporter_of(me))
    assert not Sighting.objects.visible_to(reporter_of(me)).exists()
    assert Outbox.objects.count() == Event.objects.filter(action="sighting.retracted").count() == 1


@pytest.mark.django_db
def test_what_was_reported_in_red_is_the_persons_alone(members: list[Member]) -> None:
    author, me, _third = members
    assert author.institution is not None
    assert me.institution is not None
    said = contribute(author.institution, tlp=TLP.RED, audience="recipients", author=author, named_members=[me.pk])
    made = report(viewer_of_member(me), said, "seen")
    assert made.tlp == TLP.RED
    assert may_retract(made, viewer_of_member(me))
    colleague = make_member(me.institution)
    assert may_retract(made, viewer_of_member(colleague)).reason == "not_yours"
    readers = {member.pk for member in (*members, colleague) if _reads(made, member)}
    assert readers == {author.pk, me.pk}


def _reads(made: Sighting, member: Member) -> bool:
    return Sighting.objects.visible_to(viewer_of_member(member)).filter(pk=made.pk).exists()


@pytest.mark.django_db
def test_a_sighting_alone_makes_no_value_visible() -> None:
    me, said = make_institution(), contribute(make_institution())
    report(me, said, "seen")
    withdraw(said)
    assert not Indicator.objects.visible_to(viewer_for(me)).exists()
    (result,) = report_sightings([seen(said.indicator)], reporter_of(me))
    assert result.reason == "unknown"
