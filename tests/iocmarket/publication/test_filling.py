"""A view that is filled: complete or hidden, whatever is said and whoever is killed meanwhile."""

from __future__ import annotations

import pytest
from django.utils import timezone

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import TLP
from iocmarket.publication import publisher
from iocmarket.publication.access import entries_of, views_of
from iocmarket.publication.models import Entry, Outbox, View
from iocmarket.publication.publisher import turn
from tests.factories import (
    contribute,
    indicator_of,
    make_institution,
    make_token,
    publish,
    viewer_for,
    withdraw,
)
from tests.iocmarket.publication.entries import content_of, entry_of, in_order

pytestmark = pytest.mark.django_db


def test_an_institution_that_is_let_in_gets_its_inbox_filled_and_is_told_no_old_withdrawals() -> None:
    author = make_institution()
    newcomer = make_institution(approved=False)
    kept = contribute(author, audience="recipients", recipients=[newcomer])
    taken_back = contribute(author)
    publish()
    withdraw(taken_back)
    publish()
    assert not View.objects.filter(institution=newcomer).exists()
    newcomer.state, newcomer.approved_at = Institution.State.APPROVED, timezone.now()
    newcomer.save()
    publish()
    viewer = viewer_for(newcomer)
    told = list(entries_of(viewer, views_of(viewer)))
    assert kept.indicator in [entry.indicator for entry in told]
    assert all(entry.state != Entry.State.WITHDRAWN for entry in told)


def test_whoever_is_let_in_again_is_told_no_withdrawals_of_the_time_between() -> None:
    author, away = make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=author, actor=PLATFORM)
    join_circle(circle, away, actor=PLATFORM)
    publish()
    said = contribute(author, audience="circle", circle=circle)
    publish()
    withdraw(said)
    publish()
    view = View.objects.get(circle=circle)
    told = entries_of(viewer_for(away), [view]).filter(indicator=said.indicator)
    assert told.exists()
    Institution.objects.filter(pk=away.pk).update(approved_at=timezone.now())
    assert not entries_of(viewer_for(away), [view]).filter(indicator=said.indicator).exists()
    assert entries_of(viewer_for(author), [view]).filter(indicator=said.indicator).exists()


def test_a_view_is_hidden_until_it_is_filled() -> None:
    author = make_institution()
    for _ in range(5):
        contribute(author)
    Outbox.objects.all().delete()
    viewer, seen = viewer_for(author), []
    while turn(chunk=2).busy:
        community = View.objects.get(audience="community")
        listed = views_of(viewer).filter(pk=community.pk).exists()
        seen.append((listed, Entry.objects.filter(view=community, stix_type="indicator").count()))
    assert all(count == 5 for listed, count in seen if listed)
    assert seen[0] == (False, 2)
    assert seen[-1] == (True, 5)


def test_what_is_said_while_a_view_is_filled_is_in_it_once() -> None:
    author = make_institution()
    early = indicator_of("45.8.0.1", type_name="ipv4")
    for number in range(2, 8):
        contribute(author, f"45.8.0.{number}")
    Outbox.objects.all().delete()
    turn(chunk=2)
    contribution = contribute(author, "45.8.0.1")
    assert contribution.indicator == early
    publish()
    view = View.objects.get(audience="community")
    values = [entry.indicator.value for entry in in_order(view) if entry.indicator]
    assert sorted(values) == [f"45.8.0.{number}" for number in range(1, 8)]


def _killed_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that writes its entries and dies before it ends, as a process that is killed does."""

    def die(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "touched_by", die)
        with pytest.raises(KeyboardInterrupt):
            turn(chunk=2)


def test_a_publisher_that_is_killed_while_it_fills_a_view_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    author = make_institution()
    said = [contribute(author, f"45.8.1.{number}", tlp=TLP.GREEN) for number in range(7)]
    publish()
    make_token(author, operated_by="provider")
    turn(chunk=2)
    narrow = View.objects.get(audience="community", ceiling_tlp=TLP.AMBER)
    before = (narrow.filled_to, Entry.objects.filter(view=narrow).count())
    _killed_half_way(monkeypatch)
    narrow.refresh_from_db()
    assert (narrow.filled_to, Entry.objects.filter(view=narrow).count()) == before, "nothing of it is half there"
    while turn(chunk=2).busy:
        pass
    narrow.refresh_from_db()
    assert narrow.filled_to is None
    told = [entry.indicator_id for entry in in_order(narrow) if entry.indicator_id]
    assert sorted(told) == sorted(one.indicator_id for one in said), "each once"


def test_a_publisher_that_is_killed_over_announcements_takes_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    author = make_institution()
    publish()
    said = contribute(author)
    _killed_half_way(monkeypatch)
    assert not Entry.objects.filter(indicator=said.indicator).exists()
    assert Outbox.objects.exists()
    publish()
    assert entry_of(said).state == Entry.State.LIVE


def test_a_narrow_view_that_is_made_while_people_share_holds_what_its_ceiling_lets_through() -> None:
    author = make_institution()
    early = [contribute(author, tlp=TLP(number % 4)) for number in range(8)]
    publish()
    make_token(author, operated_by="provider")
    late: list[Contribution] = []
    while turn(chunk=3).busy:
        if len(late) < 8:
            late.append(contribute(author, tlp=TLP(len(late) % 4)))
            if len(late) % 3 == 0:
                withdraw(early[len(late) - 1])
    narrow = View.objects.get(audience="community", ceiling_tlp=TLP.AMBER)
    rows = Contribution.unscoped.filter(pk__in=[one.pk for one in [*early, *late]], withdrawn_at__isnull=True)
    meant = {row.indicator_id for row in rows if row.tlp <= TLP.AMBER}
    live = {entry.indicator_id for entry in in_order(narrow) if entry.state == Entry.State.LIVE}
    assert live == meant


def test_several_views_of_one_audience_are_each_as_if_they_were_alone() -> None:
    author, other = make_institution(), make_institution()
    for ceiling in ("CLEAR", "GREEN", "AMBER"):
        make_token(author, tlp_ceiling=TLP.parse(ceiling))
    value = "45.8.3.1"
    strict = contribute(author, value, tlp=TLP.AMBER_STRICT, confidence=90, comment="strictly ours")
    contribute(other, value, tlp=TLP.GREEN, confidence=40)
    publish()
    bodies = {
        entry.view.ceiling_tlp: content_of(entry)
        for entry in Entry.objects.filter(indicator=strict.indicator).select_related("view")
    }
    assert set(bodies) == {TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT}
    assert [bodies[level]["confidence"] for level in sorted(bodies)] == [40, 40, 90]
    assert ["strictly ours" in str(bodies[level]) for level in sorted(bodies)] == [False, False, True]
    assert len({str(body["id"]) for body in bodies.values()}) == 3
