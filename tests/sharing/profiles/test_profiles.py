"""Saved feeds: who makes them, what they answer, what is remembered of pulls, and which keys open them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Token
from iocmarket.accounts.roles import Role
from iocmarket.accounts.secrets import digest_of
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from sharing.profiles.models import FeedProfile, FeedPull
from sharing.profiles.services import MOST, create_profile
from tests.factories import (
    Reader,
    contribute,
    make_institution,
    make_member,
    make_reader,
    make_token,
    publish,
    withdraw,
)

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def manager(reader: Reader) -> Client:
    client = Client()
    client.force_login(make_member(reader.institution, role=Role.MANAGER))
    return client


def saved(reader: Reader, **named: Any) -> FeedProfile:
    told = {"name": "bloque", "format": "text", "options": {"comments": "no"}, **named}
    return create_profile(reader.institution, **told, actor=PLATFORM)


def pull(reader: Reader, path: str, **headers: str) -> Any:
    return Client().get(path, headers={**reader.headers, **headers})


def test_a_profile_answers_as_its_format_does_with_its_options(reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    contribute(make_institution(), "evil-cas.fr", type_name="domain")
    publish()
    saved(reader, options={"type": "ipv4", "comments": "no"})
    answer = pull(reader, "/feeds/p/bloque.txt")
    assert answer.content == b"45.9.20.7\n"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    same = pull(reader, "/feeds/text?comments=no&type=ipv4")
    assert (answer["ETag"], answer["X-IOC-Serial"]) == (same["ETag"], same["X-IOC-Serial"])
    assert pull(reader, "/feeds/p/bloque.txt", **{"If-None-Match": answer["ETag"]}).status_code == 304
    assert pull(reader, "/feeds/p/bloque.txt/").content == answer.content
    explained = pull(reader, "/feeds/p/bloque.txt?explain=1").json()
    assert (explained["format"], explained["count"]) == ("text", 1)


@pytest.mark.parametrize("path", ["bloque.zone", "bloque", "autre.txt", "BLOQUE.txt", "bloque.txt.txt"])
def test_any_other_address_is_absent(reader: Reader, path: str) -> None:
    saved(reader)
    publish()
    assert pull(reader, f"/feeds/p/{path}").status_code == 404


def test_a_profile_takes_no_options_and_is_nobody_elses(reader: Reader) -> None:
    other = make_reader()
    publish()
    saved(reader)
    refused = pull(reader, "/feeds/p/bloque.txt?type=ipv4")
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_option")
    for path in ("/feeds/p/bloque.txt", "/feeds/p/bloque/changes?after=1", "/api/v1/feeds/bloque"):
        assert pull(other, path).status_code == 404


def test_a_manager_makes_changes_and_deletes_profiles_through_the_api(manager: Client, reader: Reader) -> None:
    publish()
    body = {"name": "resolveur", "format": "rpz", "options": {"action": "nodata", "age": ""}, "note": " pour  BIND "}
    made = manager.post("/api/v1/feeds", body, content_type=JSON)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["options"], told["tool"], told["mode"], told["note"]) == (
        {"action": "nodata"},
        "BIND",
        "block",
        "pour BIND",
    )
    assert told["url"].endswith("/feeds/p/resolveur.zone")
    assert manager.get("/api/v1/feeds").json()["feeds"] == [told]
    changed = manager.patch("/api/v1/feeds/resolveur", {"options": {"age": "30d"}}, content_type=JSON).json()
    assert (changed["options"], changed["note"]) == ({"age": "30d"}, "pour BIND")
    assert pull(reader, "/feeds/p/resolveur.zone").status_code == 200
    assert manager.delete("/api/v1/feeds/resolveur").status_code == 204
    assert manager.get("/api/v1/feeds/resolveur").status_code == 404
    acts = Event.objects.filter(action__startswith="feeds.").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["feeds.profile_made", "feeds.profile_changed", "feeds.profile_deleted"]


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        ({"name": "A b", "format": "rpz"}, "bad_profile_name", "/name"),
        ({"name": "-a", "format": "rpz"}, "bad_profile_name", "/name"),
        ({"name": "a", "format": "nagios"}, "unknown_format", "/format"),
        ({"name": "a", "format": "rpz", "options": {"action": "explode"}}, "bad_option", "/options/action"),
        ({"name": "a", "format": "rpz", "options": {"explain": "1"}}, "unknown_option", "/options/explain"),
        ({"name": "a", "format": "rpz", "options": {"type": "sha256"}}, "bad_option", "/options/type"),
        ({"name": "bloque", "format": "rpz"}, "profile_exists", "/name"),
    ],
)
def test_what_is_not_understood_is_refused(
    manager: Client, reader: Reader, body: dict[str, Any], code: str, where: str
) -> None:
    saved(reader)
    answer = manager.post("/api/v1/feeds", body, content_type=JSON)
    told = answer.json()
    assert (answer.status_code, told["code"], told["where"]) == (422, code, where)


def test_an_institution_has_so_many_profiles(manager: Client, reader: Reader) -> None:
    rows = [FeedProfile(institution=reader.institution, name=f"p{number}", format="csv") for number in range(MOST)]
    FeedProfile.objects.bulk_create(rows)
    answer = manager.post("/api/v1/feeds", {"name": "encore", "format": "csv"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_profiles")


def test_a_pull_is_remembered_and_a_storm_of_them_writes_once_a_minute(reader: Reader) -> None:
    said = contribute(make_institution(), "45.9.20.7")
    publish()
    profile = saved(reader)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        first = pull(reader, "/feeds/p/bloque.txt")
        held = FeedPull.objects.get(profile=profile)
        assert (held.status, held.count, held.skipped, held.size) == (200, 1, 0, len(first.content))
        assert held.token == Token.objects.get(digest=digest_of(reader.secret))
        for _turn in range(5):
            clock.shift(timedelta(seconds=5))
            with CaptureQueriesContext(connection) as asked:
                assert pull(reader, "/feeds/p/bloque.txt", **{"If-None-Match": first["ETag"]}).status_code == 304
            assert not [sql for sql in asked if "feedpull" in sql["sql"] and not sql["sql"].startswith("SELECT")]
        clock.shift(timedelta(seconds=61))
        pull(reader, "/feeds/p/bloque.txt", **{"If-None-Match": first["ETag"]})
        held.refresh_from_db()
        assert (held.status, held.count, held.sent_at) == (304, 1, start)
        withdraw(said)
        publish()
        clock.shift(timedelta(seconds=2))
        pull(reader, "/feeds/p/bloque.txt", **{"If-None-Match": first["ETag"]})  # another content is told at once
        held.refresh_from_db()
        assert (held.status, held.count, held.sent_at) == (200, 0, held.at)


def test_a_look_in_the_browser_and_a_refused_pull_are_no_pulls(manager: Client, reader: Reader) -> None:
    publish()
    saved(reader)
    assert manager.get("/feeds/p/bloque.txt").status_code == 200
    assert pull(reader, "/feeds/p/bloque.txt?x=1").status_code == 400
    assert Client().head("/feeds/p/bloque.txt", headers=reader.headers).status_code == 200
    assert not FeedPull.objects.exists()


def test_a_feed_key_opens_the_profile_that_it_was_made_for(manager: Client, reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    feed_keys.switch(on=True, actor=PLATFORM)
    profile = saved(reader)
    saved(reader, name="autre")
    made = manager.post("/api/v1/tokens", {"name": "pare-feu", "feed": "p/bloque"}, content_type=JSON).json()
    path = made["address"].removeprefix(made["address"].partition("/feeds/")[0])
    assert path == f"/feeds/k/{made['secret']}/p/bloque.txt"
    assert Client().get(path).content == b"45.9.20.7\n"
    assert FeedPull.objects.get(profile=profile).token.name == "pare-feu"
    for wrong in (path.replace("bloque", "autre"), path.replace(".txt", ".csv"), path.replace("p/bloque", "text")):
        assert Client().get(wrong).status_code == 404
    assert manager.delete("/api/v1/feeds/bloque").status_code == 204
    saved(reader)  # another one of the same name
    assert Client().get(path).status_code == 404
    assert Token.objects.get(name="pare-feu").revoked_at is not None


def test_a_key_of_a_profile_is_refused_to_who_has_no_such_profile(manager: Client, reader: Reader) -> None:
    feed_keys.switch(on=True, actor=PLATFORM)
    saved(make_reader())
    answer = manager.post("/api/v1/tokens", {"name": "x", "feed": "p/bloque"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_feed")
    with_key = make_token(reader.institution, feed="text")
    saved(reader, name="text")  # a profile may be called as a format: its key is another one
    assert Client().get(f"/feeds/k/{with_key}/p/text.txt").status_code == 404


def test_a_profile_whose_format_forgot_an_option_says_so(reader: Reader) -> None:
    publish()
    profile = saved(reader)
    FeedProfile.objects.filter(pk=profile.pk).update(options={"colour": "red"})
    answer = pull(reader, "/feeds/p/bloque.txt")
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_option")
