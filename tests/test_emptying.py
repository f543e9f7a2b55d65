"""Between transactional tests nothing of a test stays, and what `migrate` wrote does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.test import TransactionTestCase

from iocmarket.accounts.models import Institution
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Indicator
from tests import emptying
from tests.factories import contribute, make_institution


@pytest.mark.django_db(transaction=True)
def test_what_a_test_wrote_is_gone_journal_included() -> None:
    written = (ContentType.objects.count(), Permission.objects.count())
    contribute(make_institution())
    Event.objects.create(action="token.create", subject_type="token")
    emptying.empty(TransactionTestCase())
    assert [model.objects.exists() for model in (Institution, Event)] == [False, False]
    assert [model.unscoped.exists() for model in (Indicator, Contribution)] == [False, False]
    assert (ContentType.objects.count(), Permission.objects.count()) == written
    assert 0 not in written


def test_every_transactional_test_ends_with_it() -> None:
    assert TransactionTestCase._fixture_teardown is emptying.empty  # type: ignore[attr-defined]
