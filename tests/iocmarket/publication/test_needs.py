"""Which views exist: full ceilings always, narrower ones once a key needs them; filled in turns, then read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.services import revoke_token
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.kernel.marking import FULL, PAP, PROVIDER, TLP, Marking
from iocmarket.publication.access import statements_of, views_of
from iocmarket.publication.audiences import COMMUNITY, circle, inbox
from iocmarket.publication.models import View
from iocmarket.publication.needs import needed_views
from iocmarket.publication.publisher import turn
from tests.factories import contribute, make_institution, make_token, publish, tell

pytestmark = pytest.mark.django_db
GREEN = Marking(TLP.GREEN, PAP.RED)


def narrow() -> set[tuple[str, Marking]]:
    """The needed views below the full ceiling."""
    return {key for key in needed_views() if key[1] != FULL}


def read(institution: Institution, ceiling: Marking) -> set[str]:
    """The values that a machine with this ceiling reads."""
    viewer = Viewer(institution_id=institution.pk, ceiling=ceiling)
    return {entry.indicator.value for entry in statements_of(viewer) if entry.indicator}


def test_the_community_every_approved_institution_and_every_circle_have_their_view() -> None:
    mine, waiting = make_institution(), make_institution(approved=False)
    held = create_circle(name="Veille", founder=mine, actor=PLATFORM)
    assert set(needed_views()) == {(COMMUNITY, FULL), (inbox(mine.pk), FULL), (circle(held.pk), FULL)}
    assert (inbox(waiting.pk), FULL) not in needed_views()


def test_a_key_brings_its_ceiling_to_the_audiences_that_its_institution_reads() -> None:
    mine, other = make_institution(), make_institution()
    held = create_circle(name="Veille", founder=mine, actor=PLATFORM)
    create_circle(name="Other", founder=other, actor=PLATFORM)
    make_token(mine, tlp_ceiling=TLP.GREEN)
    wanted = {(COMMUNITY, GREEN), (inbox(mine.pk), GREEN), (circle(held.pk), GREEN)}
    assert narrow() == wanted
    join_circle(held, other, actor=PLATFORM)
    make_token(other, operated_by=Token.OperatedBy.PROVIDER)
    assert narrow() > wanted
    assert (circle(held.pk), PROVIDER) in narrow()


def test_keys_that_read_nothing_need_nothing() -> None:
    mine = make_institution()
    make_token(mine, tlp_ceiling=TLP.GREEN, scopes=[Scope.INDICATORS_WRITE])
    make_token(make_institution(approved=False), tlp_ceiling=TLP.GREEN)
    make_token(mine, tlp_ceiling=TLP.CLEAR, expires_at=timezone.now() + timedelta(seconds=60))
    Token.objects.filter(tlp_ceiling=TLP.CLEAR).update(expires_at=timezone.now())
    make_token(mine, tlp_ceiling=TLP.AMBER)
    revoke_token(Token.objects.get(tlp_ceiling=TLP.AMBER), actor=PLATFORM)
    assert narrow() == set()


def test_a_ceiling_filters_before_anything_is_combined() -> None:
    mine, other = make_institution(), make_institution()
    make_token(mine, tlp_ceiling=TLP.GREEN)
    contribute(mine, "45.1.1.1", tlp=TLP.GREEN, pap=PAP.CLEAR)
    contribute(other, "45.1.1.1", tlp=TLP.AMBER, pap=PAP.RED)
    contribute(other, "45.1.1.2", tlp=TLP.AMBER)
    publish()
    assert read(mine, GREEN) == {"45.1.1.1"}
    entry = statements_of(Viewer(institution_id=mine.pk, ceiling=GREEN)).get()
    assert (entry.tlp, entry.pap, entry.institutions) == (TLP.GREEN, PAP.CLEAR, 1)
    assert read(mine, FULL) == {"45.1.1.1", "45.1.1.2"}


def test_a_view_is_read_only_when_it_is_complete_and_fills_in_turns() -> None:
    mine = make_institution()
    for number in range(5):
        contribute(mine, f"45.1.1.{number}", tlp=TLP.GREEN)
    publish()
    make_token(mine, tlp_ceiling=TLP.GREEN)
    turn(chunk=2)
    made = View.objects.get(audience=COMMUNITY, ceiling_tlp=TLP.GREEN)
    assert made.filled_to is not None
    assert read(mine, GREEN) == set()
    assert not views_of(Viewer(institution_id=mine.pk, ceiling=GREEN)).exists()
    contribute(mine, "45.1.1.9", tlp=TLP.GREEN)
    publish()
    assert read(mine, GREEN) == {*(f"45.1.1.{number}" for number in range(5)), "45.1.1.9"}


def test_stricter_marking_takes_an_entry_out_of_a_narrow_view() -> None:
    mine = make_institution()
    make_token(mine, tlp_ceiling=TLP.GREEN)
    row = contribute(mine, "45.1.1.1", tlp=TLP.GREEN)
    publish()
    row.tlp = TLP.AMBER
    row.save()
    tell(row)
    publish()
    assert read(mine, GREEN) == set()
    assert read(mine, FULL) == {"45.1.1.1"}
