"""Whoever asked for care learns that the value circulates without it, as far as they may read that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.circulation import alerts_of, circulating, mark_seen, note_circulation
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Alert, Contribution
from iocmarket.indicators.services import amend
from iocmarket.kernel.marking import FULL, PAP, TLP
from tests.factories import contribute, make_institution, make_member, viewer_for, withdraw

pytestmark = pytest.mark.django_db


def met(*rows: Contribution) -> None:
    """What a writer does after its rows."""
    note_circulation({row.indicator_id for row in rows})


def alerted(institution: Institution) -> list[PAP]:
    """The weakest PAP of each alert that the institution sees."""
    return [found.weakest for found in circulating(viewer_for(institution), limit=10)]


@pytest.mark.parametrize("stricter_first", [True, False])
def test_the_author_of_the_stricter_statement_is_alerted_whoever_came_first(stricter_first: bool) -> None:
    careful, open_handed = make_institution(), make_institution()
    for author, pap in sorted([(careful, PAP.RED), (open_handed, PAP.GREEN)], key=lambda pair: -pair[1])[
        :: 1 if stricter_first else -1
    ]:
        met(contribute(author, "45.1.1.1", pap=pap))
    assert alerted(careful) == [PAP.GREEN]
    assert alerted(open_handed) == []


def test_nothing_is_told_of_what_the_author_may_not_read() -> None:
    careful, other, third = make_institution(), make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=other, actor=PLATFORM)
    met(contribute(careful, "45.1.1.1", pap=PAP.RED))
    met(contribute(other, "45.1.1.1", pap=PAP.CLEAR, audience="recipients", recipients=[third]))
    met(contribute(third, "45.1.1.1", pap=PAP.CLEAR, audience="own"))
    assert not Alert.objects.exists()
    row = contribute(make_institution(), "45.1.1.1", pap=PAP.GREEN, audience="circle", circle=circle)
    met(row)
    assert alerted(careful) == []
    join_circle(circle, careful, actor=PLATFORM)
    assert alerted(careful) == [PAP.GREEN]


def test_an_alert_says_nothing_once_the_weaker_statement_is_gone_expired_or_stricter() -> None:
    careful, other = make_institution(), make_institution()
    met(contribute(careful, "45.1.1.1", pap=PAP.AMBER))
    weak = contribute(other, "45.1.1.1", pap=PAP.GREEN)
    met(weak)
    assert alerted(careful) == [PAP.GREEN]
    writer = viewer_for(other, scopes=[Scope.INDICATORS_WRITE])
    amend(weak, viewer=writer, changes={"pap": PAP.AMBER})
    assert alerted(careful) == []
    amend(weak, viewer=writer, changes={"pap": PAP.CLEAR})
    assert alerted(careful) == [PAP.CLEAR]
    weak.refresh_from_db()
    weak.valid_until = timezone.now() - timedelta(hours=1)
    weak.save()
    assert alerted(careful) == []
    weak.valid_until = None
    weak.save()
    withdraw(weak)
    assert alerted(careful) == []


def test_amending_towards_care_alerts_the_one_who_amended() -> None:
    careful, other = make_institution(), make_institution()
    row = contribute(careful, "45.1.1.1", pap=PAP.GREEN)
    contribute(other, "45.1.1.1", pap=PAP.GREEN)
    met(row)
    assert not Alert.objects.exists()
    amend(row, viewer=viewer_for(careful, scopes=[Scope.INDICATORS_WRITE]), changes={"pap": PAP.RED})
    assert alerted(careful) == [PAP.GREEN]


def test_what_was_seen_is_not_told_again_and_only_ones_own_is_marked() -> None:
    careful, other = make_institution(), make_institution()
    met(contribute(careful, "45.1.1.1", pap=PAP.RED), contribute(other, "45.1.1.1", pap=PAP.GREEN))
    alert = Alert.objects.get()
    assert not mark_seen(alert, viewer=viewer_for(other))
    assert mark_seen(alert, viewer=viewer_for(careful))
    assert not mark_seen(alert, viewer=viewer_for(careful))
    assert alerted(careful) == []
    assert alerts_of(viewer_for(careful)).count() == 1


def test_an_alert_on_a_red_statement_is_its_authors_alone() -> None:
    careful, other = make_institution(), make_institution()
    author, colleague = make_member(careful), make_member(careful)
    red = contribute(careful, "45.1.1.1", tlp=TLP.RED, pap=PAP.RED, audience="own", author=author)
    met(red, contribute(other, "45.1.1.1", pap=PAP.GREEN))
    for member, told in ((author, 1), (colleague, 0)):
        viewer = Viewer(institution_id=careful.pk, ceiling=FULL, member_id=member.pk)
        assert alerts_of(viewer).count() == told
    assert alerted(careful) == []
