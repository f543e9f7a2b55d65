"""What was said of applicants goes after its time, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iocmarket.accounts.models import Member
from iocmarket.kernel import clock
from iocmarket.privacy.retention import retention
from iocmarket.vetting import keeping
from iocmarket.vetting.models import Application
from tests.factories import make_applicant

pytestmark = pytest.mark.django_db


def rule(name: str) -> int:
    """Carry out one row; what it counted before must be what it took, with all that hangs on it."""
    (found,) = (each for each in retention.ordered() if each.name == name)
    assert found.due is not None
    assert found.purge is not None
    due = found.due()
    assert (found.purge() > 0) == (due > 0)
    assert found.due() == 0
    return due


def test_an_answered_application_is_forgotten_after_a_year_and_the_person_stays() -> None:
    member = make_applicant().member
    decided = clock.now() - timedelta(days=keeping.ANSWERED_DAYS - 1)
    Application.objects.filter(member=member).update(decided_at=decided)
    assert rule("vetting.applications") == 0
    Application.objects.filter(member=member).update(decided_at=decided - timedelta(days=2))
    assert rule("vetting.applications") == 1
    assert Member.objects.filter(pk=member.pk).exists()


def test_who_never_confirmed_the_address_is_forgotten_after_a_month() -> None:
    waiting, silent = make_applicant().member, make_applicant().member
    early = clock.now() - timedelta(days=keeping.UNCONFIRMED_DAYS + 1)
    Application.objects.update(created_at=early)
    Application.objects.filter(member=silent).update(verified_at=None)
    assert rule("vetting.unconfirmed") == 1
    assert list(Member.objects.filter(pk__in=[waiting.pk, silent.pk])) == [waiting]
