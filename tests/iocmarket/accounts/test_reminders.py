"""Reminders from beat's task to the mail server of their reader."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iocmarket.accounts.languages import choose_language
from iocmarket.accounts.models import Token
from iocmarket.accounts.partners import make_partner
from iocmarket.accounts.roles import Role
from iocmarket.accounts.tasks import remind_of_tokens
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from tests.factories import make_institution, make_member, make_token
from tests.mailbox import Mailbox

DAY = timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_letters_leave_before_the_expiry_over_smtp(mailbox: Mailbox) -> None:
    """With real transactions: a letter leaves once the database holds that it was written."""
    house = make_institution("Valbrune")
    manager = make_member(house, role=Role.MANAGER)
    administrator = make_member(administrator=True)
    choose_language(administrator, "en")
    make_token(house, expires_at=clock.now() + 14 * DAY)
    partner = make_partner(
        name="CERT", agreement="x", until=clock.now() + 3 * DAY, contact_email="cert@example.org", actor=PLATFORM
    )
    make_token(partner, expires_at=clock.now() + 2 * DAY)
    make_token(house, expires_at=clock.now() + 15 * DAY)
    assert remind_of_tokens.apply().get() == 3
    assert remind_of_tokens.apply().get() == 0
    found = sorted((letter.to, letter.subject.partition("] ")[2]) for letter in mailbox.letters())
    assert found == sorted(
        [
            ("cert@example.org", "Le jeton « test » expire dans 2 jours"),
            ("cert@example.org", "La convention avec CERT prend fin dans 3 jours"),
            (administrator.email, "The token “test” expires in 2 days"),
            (administrator.email, "The agreement with CERT ends in 3 days"),
            (manager.email, "Le jeton « test » expire dans 14 jours"),
        ]
    )
    assert Token.objects.filter(reminded_at__isnull=False).count() == 2
