"""What members own leaves the feeds that block when it is verified, at the next pull, and only then."""

from __future__ import annotations

import pytest
from django.test import Client

from iocmarket.accounts import assets
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from tests.factories import contribute, make_institution, make_reader, publish

pytestmark = pytest.mark.django_db

FEED = "/feeds/text?score_min=1"
CASES = [
    ("network", "193.48.1.0/24", "ipv4", "193.48.1.7"),
    ("network", "193.48.1.7", "cidr", "193.48.1.0/24"),
    ("domain", "univ-valbrune.fr", "domain", "www.univ-valbrune.fr"),
    ("domain", "univ-valbrune.fr", "url", "https://www.univ-valbrune.fr/wp-login.php"),
    ("mail-domain", "etu.univ-valbrune.fr", "email", "odile@etu.univ-valbrune.fr"),
    ("mail-domain", "etu.univ-valbrune.fr", "domain", "webmail.etu.univ-valbrune.fr"),
]


@pytest.fixture
def owner() -> Institution:
    return make_institution("Université de Valbrune")


@pytest.mark.parametrize(("kind", "owned", "type_name", "value"), CASES)
def test_a_verified_asset_leaves_the_feed_at_the_next_pull(
    client: Client, owner: Institution, kind: str, owned: str, type_name: str, value: str
) -> None:
    reader = make_reader()
    contribute(make_institution(), value, type_name=type_name, confidence=100)
    contribute(make_institution(), "45.9.20.30", confidence=100)
    publish()
    told = []
    tags = set()

    def pull() -> None:
        answer = client.get(FEED, headers=reader.headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert answer.status_code == 200
        assert b"45.9.20.30" in body
        told.append(value.encode() in body)
        tags.add(answer["ETag"])

    pull()
    asset = assets.declare_asset(owner, kind=kind, value=owned, actor=PLATFORM)
    pull()
    assets.approve_asset(asset, actor=PLATFORM)
    pull()
    old = answer_to(client, reader.headers, tags)
    assets.remove_asset(asset, actor=PLATFORM)
    pull()
    assert told == [True, True, False, True]
    assert old == 304


def answer_to(client: Client, headers: dict[str, str], tags: set[str]) -> int:
    """The status for somebody who has all of these versions: the newest is among them."""
    return client.get(FEED, headers={**headers, "If-None-Match": ", ".join(tags)}).status_code
