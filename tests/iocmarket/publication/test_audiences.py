"""Audience keys: what a writer announces and what a view gathers are inverse to each other."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import visible
from iocmarket.kernel.marking import FULL, PAP, TLP
from iocmarket.publication.access import views_of
from iocmarket.publication.audiences import COMMUNITY, audiences_of, contributions_in, inbox
from iocmarket.publication.models import View
from tests.factories import contribute, make_institution

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def statement(db: None) -> tuple[Contribution, list[Institution]]:
    """One statement, four institutions of which the first made it, and a complete view for each audience."""
    institutions = [make_institution() for _ in range(4)]
    for key in (COMMUNITY, *(inbox(institution.pk) for institution in institutions)):
        View.objects.create(audience=key, ceiling_tlp=FULL.tlp, ceiling_pap=FULL.pap, filled_to=None)
    return contribute(institutions[0]), institutions


@given(
    audience=st.sampled_from(["own", "community", "recipients"]),
    recipients=st.sets(st.integers(0, 3)),
    tlp=st.sampled_from(TLP),
    pap=st.sampled_from(PAP),
)
@relaxed
def test_a_key_gathers_exactly_what_is_announced_to_it(
    statement: tuple[Contribution, list[Institution]], audience: str, recipients: set[int], tlp: TLP, pap: PAP
) -> None:
    row, institutions = statement
    row.audience, row.tlp, row.pap = audience, tlp, pap
    row.recipients = sorted(institutions[who].pk for who in recipients)
    row.save()
    announced = audiences_of(row)
    for key in [COMMUNITY, *(inbox(institution.pk) for institution in institutions)]:
        gathered = Contribution.unscoped.filter(contributions_in(key), pk=row.pk).exists()
        assert gathered is (key in announced), key
    for institution in institutions:
        viewer = Viewer(institution_id=institution.pk, ceiling=FULL)
        reads = bool(announced & {view.audience for view in views_of(viewer)}) and row.marking.within(FULL)
        assert bool(visible(row, viewer, circles=())) is reads


def test_no_key_gathers_what_was_withdrawn(statement: tuple[Contribution, list[Institution]]) -> None:
    row, institutions = statement
    row.withdrawn_at = row.created_at
    row.save()
    for key in [COMMUNITY, *(inbox(institution.pk) for institution in institutions)]:
        assert not Contribution.unscoped.filter(contributions_in(key)).exists()


def test_an_audience_without_views_and_an_unknown_key_are_errors() -> None:
    with pytest.raises(ValueError, match="circle"):
        audiences_of(Contribution(audience="circle", institution_id=1, tlp=TLP.AMBER))
    for key in ("", "everybody", "inbox:", "inbox:x"):
        with pytest.raises(ValueError):
            contributions_in(key)
