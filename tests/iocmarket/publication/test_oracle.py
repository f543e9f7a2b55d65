"""Whatever people do: entries equal what visibility says, and a reader with an old cursor equals a fresh reader.

The oracle knows nothing of views and entries: it asks `visible_to`, the rule that every page obeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.visibility import effective_marking
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.access import entries_of, statements_of, views_of
from iocmarket.publication.audiences import COMMUNITY, audiences_of, contributions_in
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import run_until_idle
from tests.factories import contribute, make_institution, tell, viewer_for, withdraw

INSTITUTIONS, VALUES = 3, 3
relaxed = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

people = st.integers(0, INSTITUTIONS - 1)
tlps = st.sampled_from([TLP.CLEAR, TLP.AMBER, TLP.AMBER_STRICT])
addressed = st.tuples(st.sampled_from(["own", "community", "recipients"]), st.sets(people))
act = st.one_of(
    st.tuples(st.just("say"), people, st.integers(0, VALUES - 1), tlps, st.sampled_from(PAP), addressed),
    st.tuples(st.just("withdraw"), st.integers(0, 99)),
    st.tuples(st.just("mark"), st.integers(0, 99), tlps, st.sampled_from(PAP)),
    st.tuples(st.just("address"), st.integers(0, 99), addressed),
    st.tuples(st.just("hide"), st.integers(0, 99)),
    st.tuples(st.just("expire"), st.integers(0, 99)),
)
acts_and_turns = st.lists(st.tuples(act, st.sampled_from([None, 1, 2, 100])), min_size=5, max_size=20)


class Community:
    """A small community, the acts in it, and a reader of each institution that goes on from its cursors."""

    def __init__(self) -> None:
        self.institutions = [make_institution() for _ in range(INSTITUTIONS)]
        self.readers = [CursorReader(institution) for institution in self.institutions]
        for number, author in enumerate(self.institutions):
            contribute(author, f"45.6.0.{number}")
        self.publish()

    def perform(self, name: str, *details: Any) -> None:
        """One act."""
        getattr(self, f"_{name}")(*details)

    def publish(self, chunk: int = 100) -> None:
        """Publish, and let every reader go on."""
        run_until_idle(chunk=chunk)
        for reader in self.readers:
            reader.go_on()

    def _say(self, who: int, value: int, tlp: TLP, pap: PAP, addressed: tuple[str, set[int]]) -> None:
        author, text = self.institutions[who], f"45.6.0.{value}"
        live = Contribution.unscoped.filter(institution=author, indicator__value=text, withdrawn_at__isnull=True)
        if not live.exists():
            audience, recipients = addressed
            named = [self.institutions[number] for number in recipients]
            contribute(author, text, tlp=tlp, pap=pap, audience=audience, recipients=named)

    def _chosen(self, number: int) -> Contribution | None:
        live = list(Contribution.unscoped.filter(withdrawn_at__isnull=True).order_by("pk"))
        return live[number % len(live)] if live else None

    def _withdraw(self, number: int) -> None:
        if chosen := self._chosen(number):
            withdraw(chosen)

    def _mark(self, number: int, tlp: TLP, pap: PAP) -> None:
        self._change(number, tlp=tlp, pap=pap)

    def _address(self, number: int, addressed: tuple[str, set[int]]) -> None:
        audience, recipients = addressed
        self._change(number, audience=audience, recipients=[self.institutions[who].pk for who in recipients])

    def _hide(self, number: int) -> None:
        self._change(number, anonymous=True)

    def _expire(self, number: int) -> None:
        self._change(number, valid_until=timezone.now() - timedelta(hours=1))

    def _change(self, number: int, **fields: Any) -> None:
        chosen = self._chosen(number)
        if chosen is None:
            return
        before = audiences_of(chosen)
        for name, value in fields.items():
            setattr(chosen, name, value)
        with transaction.atomic():
            chosen.save()
            tell(chosen, also=before)


class CursorReader:
    """Keeps the newest version of each object, and asks only for what came after what it was given."""

    def __init__(self, institution: Institution) -> None:
        self.viewer = viewer_for(institution)
        self.cursors: dict[int, Any] = {}
        self.held: dict[tuple[int, UUID], bytes] = {}

    def go_on(self) -> None:
        """Read every view from its cursor."""
        for view in views_of(self.viewer):
            entries = entries_of(self.viewer, [view])
            if view.pk in self.cursors:
                entries = entries.filter(date_added__gt=self.cursors[view.pk])
            for entry in entries:
                assert entry.date_added > self.cursors.get(view.pk, entry.first_added - timedelta(seconds=1))
                self.cursors[view.pk] = entry.date_added
                self.held[view.pk, entry.stix_id] = bytes(entry.body)

    def fresh(self) -> dict[tuple[int, UUID], bytes]:
        """What somebody who reads for the first time now holds."""
        views = list(views_of(self.viewer))
        return {(entry.view_id, entry.stix_id): bytes(entry.body) for entry in entries_of(self.viewer, views)}


@contextmanager
def undone() -> Iterator[None]:
    """Whatever an example writes is gone after it."""
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)


@pytest.fixture
def community(db: None) -> None:
    """The database."""


@given(acts=acts_and_turns)
@relaxed
def test_entries_are_what_visibility_says_after_any_sequence_of_acts(
    community: None, acts: list[tuple[Any, ...]]
) -> None:
    with undone():
        made = Community()
        for (name, *details), chunk in acts:
            made.perform(name, *details)
            if chunk is not None:
                made.publish(chunk)
        made.publish()
        for institution in made.institutions:
            _check(institution)
        for reader in made.readers:
            assert reader.held == reader.fresh()


def _check(institution: Institution) -> None:
    viewer = viewer_for(institution)
    visible = Contribution.objects.visible_to(viewer)
    published = list(statements_of(viewer))
    assert {entry.indicator for entry in published} == set(Indicator.objects.visible_to(viewer))
    for view in views_of(viewer):
        gathered = visible.filter(contributions_in(view.audience))
        entries = {entry.indicator_id: entry for entry in published if entry.view_id == view.pk}
        assert set(entries) == set(gathered.values_list("indicator", flat=True))
        for indicator_id, entry in entries.items():
            _check_entry(entry, list(gathered.filter(indicator=indicator_id)), view)


def _check_entry(entry: Entry, said: list[Contribution], view: View) -> None:
    assert (entry.tlp, entry.pap) == (effective_marking(said).tlp, effective_marking(said).pap)
    assert effective_marking(said).within(view.ceiling)
    moment = timezone.now()
    living = [row for row in said if row.valid_until is None or row.valid_until > moment]
    assert (entry.state == Entry.State.LIVE) is bool(living)
    body = bytes(entry.body)
    for row in living or said:
        assert (row.institution.name.encode() in body) is not row.anonymous
    if view.audience == COMMUNITY:
        hidden = Contribution.unscoped.filter(indicator=entry.indicator_id).exclude(pk__in=[row.pk for row in said])
        names = {row.institution.name for row in hidden} - {row.institution.name for row in said}
        assert not any(name.encode() in body for name in names)
