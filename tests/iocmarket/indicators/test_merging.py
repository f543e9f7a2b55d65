"""Two institutions become one: what third parties see stays, but for the name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Asset, Circle, Institution, Member, Token
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators import settling
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.merging import KEPT, SETTLED, belongings, merge_institutions
from iocmarket.indicators.models import Contribution, Report, Sighting
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.access import statements_of
from tests.factories import contribute, make_institution, make_member, make_token, publish, report, viewer_for
from tests.undone import undone

pytestmark = pytest.mark.django_db
VALUES = ("45.1.1.1", "45.1.1.2", "45.1.1.3")


@pytest.fixture
def source() -> Institution:
    """Which ends."""
    return make_institution("Université de Valbrune")


@pytest.fixture
def target() -> Institution:
    """Which goes on."""
    return make_institution("Université d'Ardoise")


def merge(source: Institution, target: Institution) -> None:
    """Merge and publish."""
    merge_institutions(source, target, actor=PLATFORM)
    publish()


def seen_by(institution: Institution) -> dict[str, tuple[object, ...]]:
    """What an institution reads of each value, but for names and for how many say it."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for entry in statements_of(viewer_for(institution)):
        assert entry.indicator is not None
        told = (entry.view.audience, entry.tlp, entry.pap, entry.first_seen, entry.last_seen)
        found.setdefault(entry.indicator.value, []).append(told)
    return {value: tuple(sorted(told, key=str)) for value, told in found.items()}


def test_people_keep_their_roles_and_are_logged_out(source: Institution, target: Institution) -> None:
    manager = make_member(source, role=Role.MANAGER)
    person, machine = Client(), Client(headers={"Authorization": f"Bearer {make_token(source)}"})
    person.force_login(manager)
    publish()
    assert (person.get("/").status_code, machine.get("/feeds/csv").status_code) == (200, 200)
    merge(source, target)
    assert (person.get("/").status_code, machine.get("/feeds/csv").status_code) == (302, 401)
    fresh = Member.objects.get(pk=manager.pk)
    assert (fresh.institution, fresh.role, fresh.is_approved) == (target, Role.MANAGER, True)
    assert not Token.objects.filter(institution=target).exists()
    ended = Institution.objects.get(pk=source.pk)
    assert (ended.state, ended.merged_into) == (Institution.State.LEFT, target)
    told = Event.objects.get(action="institution.merged")
    assert told.details["into"] == str(target.public_id)


def test_what_both_own_is_one_and_proven_when_one_proved_it(source: Institution, target: Institution) -> None:
    for institution, value, moment in (
        (source, "valbrune.fr", timezone.now()),
        (source, "commun.fr", timezone.now()),
        (target, "commun.fr", None),
    ):
        Asset.objects.create(institution=institution, kind=Asset.Kind.DOMAIN, value=value, verified_at=moment)
    merge(source, target)
    assert set(Asset.objects.filter(institution=target, verified_at__isnull=False).values_list("value", flat=True)) == {
        "valbrune.fr",
        "commun.fr",
    }
    assert Asset.objects.count() == 2


def test_where_both_said_the_same_the_fresher_statement_stands(source: Institution, target: Institution) -> None:
    now = timezone.now()
    old = contribute(source, VALUES[0], threat_type="scan", first_seen=now - timedelta(days=9), refreshed_at=now)
    new = contribute(target, VALUES[0], threat_type="c2", refreshed_at=now + timedelta(hours=1))
    fresher = contribute(source, VALUES[1], threat_type="c2", refreshed_at=now + timedelta(hours=1))
    contribute(target, VALUES[1], threat_type="scan", refreshed_at=now)
    merge(source, target)
    standing = Contribution.unscoped.filter(withdrawn_at__isnull=True)
    assert set(standing.values_list("pk", "institution")) == {(new.pk, target.pk), (fresher.pk, target.pk)}
    assert standing.get(pk=new.pk).first_seen == old.first_seen


def test_where_they_said_it_to_different_readers_both_stand(source: Institution, target: Institution) -> None:
    third = make_institution()
    contribute(source, VALUES[0], audience="community", refreshed_at=timezone.now() - timedelta(days=1))
    contribute(target, VALUES[0], audience="own", pap=PAP.RED)
    publish()
    before = seen_by(third)
    assert before
    merge(source, target)
    assert seen_by(third) == before
    assert Contribution.unscoped.filter(institution=target, withdrawn_at__isnull=True).count() == 2
    apart = Report.objects.get()
    assert (apart.audience, apart.institution) == ("own", target)


def test_reports_of_one_title_get_a_number_and_no_name(source: Institution, target: Institution) -> None:
    for institution in (source, target):
        story = Report.objects.create(institution=institution, title="Vague de novembre")
        contribute(institution, VALUES[0], report=story, anonymous=True)
    merge(source, target)
    assert sorted(Report.objects.filter(institution=target).values_list("title", flat=True)) == [
        "Vague de novembre",
        "Vague de novembre (2)",
    ]
    assert Contribution.unscoped.filter(institution=target, withdrawn_at__isnull=True).count() == 2


def test_what_was_addressed_to_one_is_addressed_to_the_other_once(source: Institution, target: Institution) -> None:
    third = make_institution()
    to_one = contribute(third, VALUES[0], audience="recipients", recipients=[source])
    to_both = contribute(third, VALUES[1], audience="recipients", recipients=[source, target])
    publish()
    merge(source, target)
    for row in (to_one, to_both):
        row.refresh_from_db()
        assert row.recipients == [target.pk]
    assert set(seen_by(target)) == {VALUES[0], VALUES[1]}


def test_the_target_gains_the_circles_and_their_names_must_differ(source: Institution, target: Institution) -> None:
    third = make_institution()
    circle = create_circle(name="Sud", founder=source, actor=PLATFORM)
    join_circle(circle, third, actor=PLATFORM)
    contribute(third, VALUES[0], audience="circle", circle=circle)
    said = contribute(source, VALUES[1], audience="circle", circle=circle)
    publish()
    other = create_circle(name="sud", founder=target, actor=PLATFORM)
    with pytest.raises(Refusal, match="circle_of_that_name"):
        merge(source, target)
    assert Institution.objects.get(pk=source.pk).is_approved
    Circle.objects.filter(pk=other.pk).update(name="Nord")
    merge(source, target)
    assert set(seen_by(target)) == {VALUES[0], VALUES[1]}
    assert set(seen_by(third)) == {VALUES[0], VALUES[1]}
    said.refresh_from_db()
    assert (said.institution, said.withdrawn_at) == (target, None)


def test_sightings_go_with_the_institution(source: Institution, target: Institution) -> None:
    said = contribute(make_institution(), VALUES[0])
    report(source, said, "seen")
    report(target, said, "seen")
    merge(source, target)
    assert list(Sighting.unscoped.values_list("institution", flat=True)) == [target.pk, target.pk]
    again = report(target, said, "seen")
    assert again.count == 2, "a later report is counted into one that stands"


@pytest.mark.parametrize("case", ["itself", "left", "suspended", "partner", "applied"])
def test_what_does_not_merge(case: str, source: Institution, target: Institution) -> None:
    changes: dict[str, dict[str, Any]] = {
        "left": {"state": Institution.State.LEFT},
        "suspended": {"state": Institution.State.SUSPENDED},
        "applied": {"state": Institution.State.APPLIED},
        "partner": {"kind": Institution.Kind.PARTNER},
    }
    if case != "itself":
        Institution.objects.filter(pk=target.pk).update(**changes[case])
    with pytest.raises(Refusal):
        merge_institutions(source, source if case == "itself" else target, actor=PLATFORM)
    assert Institution.objects.get(pk=source.pk).is_approved


def test_every_belonging_of_an_institution_is_thought_of() -> None:
    """A model that is added later is either moved as it is, by the default, or named in the tables of merging.py."""
    labels = {model._meta.label for model, _field in belongings()}
    assert labels >= SETTLED | KEPT
    moved = labels - SETTLED - KEPT
    assert moved >= {"accounts.Member", "indicators.Report"}
    assert "submissions.Submission" in moved


said_by_two = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(VALUES),
        st.sampled_from(["community", "own", "circle", "third", "both"]),
        st.sampled_from([TLP.GREEN, TLP.AMBER]),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda said: (said[0], said[1]),
)


def merge_slowly(source: Institution, target: Institution) -> Iterator[None]:
    """Merge and publish one row after the other, as if each were a chunk."""
    with patch.object(settling, "CHUNK", 1):
        merge(source, target)
    yield
    for pk in settling.unsettled():
        while settling.take_chunk(pk, limit=1):
            publish()
            yield
    assert not settling.unsettled()


@given(said=said_by_two)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_what_third_parties_see_stays_but_for_the_name(said: list[tuple[bool, str, str, TLP, bool]]) -> None:
    with undone():
        source, target, third, outside = (make_institution() for _ in range(4))
        circle = create_circle(name="Sud", founder=source, actor=PLATFORM)
        for other in (target, third):
            join_circle(circle, other, actor=PLATFORM)
        for of_source, value, to, tlp, anonymous in said:
            address: dict[str, Any] = {"audience": to}
            if to == "circle":
                address["circle"] = circle
            if to in {"third", "both"}:
                recipients = [third] if to == "third" else [third, target if of_source else source]
                address = {"audience": "recipients", "recipients": recipients}
            contribute(source if of_source else target, value, tlp=tlp, anonymous=anonymous, **address)
        publish()
        before = [seen_by(reader) for reader in (third, outside)]
        for _each in merge_slowly(source, target):
            assert [seen_by(reader) for reader in (third, outside)] == before
        assert not Contribution.unscoped.filter(institution=source).exists()
        assert not Contribution.unscoped.filter(recipients__contains=[source.pk]).exists()


def test_the_rest_waits_for_the_worker_and_is_told_when_it_is_done(source: Institution, target: Institution) -> None:
    third = make_institution()
    for value in VALUES:
        contribute(source, value)
    report(source, contribute(third, "45.1.1.9"))
    steps = merge_slowly(source, target)
    next(steps)
    assert Contribution.unscoped.filter(institution=target).count() == 1
    assert not Event.objects.filter(action="institution.settled").exists()
    with pytest.raises(Refusal, match="not_settled"):
        leave_community(target, actor=PLATFORM)
    with pytest.raises(Refusal, match="not_settled"):
        merge_institutions(target, third, actor=PLATFORM)
    assert len(list(steps)) == 3
    assert Contribution.unscoped.filter(institution=target).count() == 3
    told = Event.objects.get(action="institution.settled")
    assert told.subject_id == source.public_id
    assert (told.details["counts"]["statements"], told.details["counts"]["sightings"]) == (3, 1)
    merge_institutions(target, third, actor=PLATFORM)


def test_they_may_meet_in_a_report_while_the_rest_waits(source: Institution, target: Institution) -> None:
    story = Report.objects.create(institution=source, title="Vague de novembre")
    for value in VALUES:
        contribute(source, value, report=story)
    steps = merge_slowly(source, target)
    next(steps)
    said_meanwhile = contribute(target, VALUES[1], report=story, refreshed_at=timezone.now() + timedelta(hours=1))
    contribute(target, VALUES[2], report=story, audience="own")
    list(steps)
    standing = Contribution.unscoped.filter(institution=target, withdrawn_at__isnull=True)
    assert standing.filter(indicator__value=VALUES[1]).get().pk == said_meanwhile.pk
    assert standing.filter(indicator__value=VALUES[2]).count() == 2
    assert standing.filter(report=story).count() == 3
