"""A view that a new token needs, from outside: not there until it is whole, then whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from iocmarket.kernel.marking import TLP
from iocmarket.publication.publisher import turn
from tests.factories import contribute, make_institution, make_token, publish

pytestmark = pytest.mark.django_db
Ask = Callable[[str], Any]


@pytest.fixture
def ask(client: Client) -> Ask:
    """A provider's token, made when four values are published; asks with it."""
    author = make_institution()
    for number in range(4):
        contribute(author, f"45.8.9.{number}", tlp=TLP.GREEN)
    contribute(author, "45.8.9.9", tlp=TLP.AMBER_STRICT)
    publish()
    secret = make_token(author, operated_by="provider")
    return lambda path: client.get(path, headers={"Authorization": f"Bearer {secret}"})


def test_neither_collection_nor_feed_is_there_before_the_view_is_whole(ask: Ask) -> None:
    titles, feeds = [], []
    while turn(chunk=2).busy:
        titles.append({found["title"] for found in ask("/taxii2/api/collections/").json()["collections"]})
        feeds.append(ask("/feeds/text"))
    assert "Communauté" not in titles[0]
    assert feeds[0].status_code == 503
    assert int(feeds[0]["Retry-After"]) > 0
    for listed, feed in zip(titles, feeds, strict=True):
        if feed.status_code == 200:
            assert "Communauté" in listed
            assert b"".join(feed).count(b"45.8.9.") == 4
    assert "Communauté" in titles[-1]
    assert feeds[-1].status_code == 200


def test_the_whole_view_holds_what_the_ceiling_lets_through(ask: Ask) -> None:
    publish()
    (collection,) = [
        found for found in ask("/taxii2/api/collections/").json()["collections"] if found["title"] == "Communauté"
    ]
    document = ask(f"/taxii2/api/collections/{collection['id']}/objects/").json()
    told = [found["name"] for found in document["objects"] if found["type"] == "indicator"]
    assert told == [f"45.8.9.{number}" for number in range(4)]
