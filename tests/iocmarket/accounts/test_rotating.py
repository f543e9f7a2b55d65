"""A new secret for the same machine; for a while both work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.rotating import OVERLAP_MAX, rotate_token
from iocmarket.accounts.secrets import digest_of
from iocmarket.accounts.services import NewToken, revoke_token
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from tests.factories import make_institution, make_token

DAY = timedelta(days=1)


@pytest.fixture
def institution(db: None) -> Institution:
    return make_institution()


def token_of(secret: str) -> Token:
    return Token.objects.get(digest=digest_of(secret))


def rotated(secret: str, overlap: timedelta = 3 * DAY) -> NewToken:
    return rotate_token(token_of(secret), overlap=overlap, made_by=None, actor=PLATFORM)


def opens(secret: str) -> bool:
    return Client().get("/api/v1/tokens", headers={"Authorization": secret}).status_code == 200


def test_both_secrets_open_until_the_overlap_is_over(institution: Institution) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        old = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
        new = rotated(old).secret
        assert (opens(old), opens(new)) == (True, True)
        traveller.move_to(start + 3 * DAY - timedelta(seconds=1))
        assert (opens(old), opens(new)) == (True, True)
        traveller.move_to(start + 3 * DAY)
        assert (opens(old), opens(new)) == (False, True)


def test_without_an_overlap_the_old_one_is_revoked_at_once(institution: Institution) -> None:
    old = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    new = rotated(old, timedelta(0)).secret
    assert (opens(old), opens(new)) == (False, True)
    assert token_of(old).revoked_at is not None


def test_the_successor_may_do_the_same_and_no_more(institution: Institution) -> None:
    made: dict[str, Any] = {
        "scopes": [Scope.INDICATORS_READ, Scope.FEEDS_READ], "tlp_ceiling": TLP.GREEN, "operated_by": "provider",
        "networks": ["192.0.2.0/24"], "expires_at": clock.now() + 90 * DAY,
    }  # fmt: skip
    old = make_token(institution, **made)
    new = rotated(old).token
    before = token_of(old)
    same = ("scopes", "tlp_ceiling", "operated_by", "networks", "tool", "feed", "institution_id", "name")
    assert [getattr(new, name) for name in same] == [getattr(before, name) for name in same]
    assert before.replaced_by == new
    assert before.digest != new.digest
    assert new.expires_at is not None
    assert abs(new.expires_at - clock.now() - 90 * DAY) < timedelta(minutes=1)


def test_the_old_one_never_lives_longer_than_it_would_have(institution: Institution) -> None:
    old = make_token(institution, expires_at=clock.now() + DAY)
    rotated(old, 7 * DAY)
    assert token_of(old).expires_at is not None
    assert token_of(old).expires_at <= clock.now() + DAY  # type: ignore[operator]


@pytest.mark.parametrize("overlap", [OVERLAP_MAX + timedelta(seconds=1), timedelta(seconds=-1)])
def test_an_overlap_has_its_bounds(institution: Institution, overlap: timedelta) -> None:
    with pytest.raises(Refusal, match="bad_overlap"):
        rotated(make_token(institution), overlap)


def test_what_opens_nothing_or_has_a_successor_is_not_rotated(institution: Institution) -> None:
    old = make_token(institution)
    rotated(old)
    with pytest.raises(Refusal, match="already_rotated"):
        rotated(old)
    revoked = make_token(institution)
    revoke_token(token_of(revoked), actor=PLATFORM)
    with pytest.raises(Refusal, match="not_open"):
        rotated(revoked)
    assert Token.objects.count() == 3


def test_the_trail_names_both_and_no_secret(institution: Institution) -> None:
    old = make_token(institution)
    made = rotated(old)
    event = Event.objects.get(action="token.rotated")
    assert event.subject_id == token_of(old).public_id
    assert event.details["replaced_by"] == str(made.token.public_id)
    assert made.secret not in str(event.details)
