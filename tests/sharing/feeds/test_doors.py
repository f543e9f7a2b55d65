"""The feed by a key in its address, and the public feed: what they open, and that all else looks like nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.opening import open_to_public
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of, new_secret
from iocmarket.accounts.services import revoke_token
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.web.redaction import RedactingFormatter
from sharing.feeds.formats.base import formats
from tests.factories import PASSWORD, contribute, make_institution, make_member, make_token, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def institution() -> Institution:
    return make_institution()


@pytest.fixture
def key(institution: Institution) -> str:
    """The key of the plain list, with something in it."""
    feed_keys.switch(on=True, actor=PLATFORM)
    contribute(make_institution(), "45.7.0.1")
    publish()
    return make_token(institution, feed="text")


def get(path: str, **extra: Any) -> Any:
    return Client().get(path, **extra)


# Feed keys


def test_a_key_opens_its_feed_by_its_address(key: str) -> None:
    answer = get(f"/feeds/k/{key}/text.txt?comments=no")
    assert (answer.status_code, answer.content) == (200, b"45.7.0.1\n")
    assert answer["Cache-Control"] == "private, no-cache"
    again = get(f"/feeds/k/{key}/text.txt?comments=no", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert Client().head(f"/feeds/k/{key}/text.txt").status_code == 200
    assert get(f"/feeds/k/{key}/text.txt?nonsense=1").status_code == 400


def test_a_feed_whose_name_has_two_parts_opens_by_its_key_and_in_public(institution: Institution, key: str) -> None:
    own = make_token(institution, feed="suricata/datasets")
    answer = get(f"/feeds/k/{own}/suricata/datasets.lst?set=ips")
    assert (answer.status_code, answer.content) == (200, b"45.7.0.1\n")
    assert answer["Content-Disposition"] == 'attachment; filename="iocmarket-suricata-datasets.lst"'
    for path in (
        f"/feeds/k/{key}/suricata/datasets.lst",
        f"/feeds/k/{own}/suricata.rules",
        f"/feeds/k/{own}/datasets.lst",
    ):
        assert get(path).status_code == 404
    open_to_public(opened=True, actor=PLATFORM)
    publish()
    assert get("/public/suricata/iprep?file=categories").content.startswith(b"1,IOC,")


def test_a_key_opens_no_other_feed_and_no_other_door(key: str) -> None:
    others = [f"/feeds/k/{key}/{fmt.name}.{fmt.extension}" for fmt in formats if fmt.name != "text"]
    for path in (*others, f"/feeds/k/{key}/text.csv", f"/feeds/k/{key}/text", f"/feeds/k/{key}/.txt"):
        assert get(path).status_code == 404, path
    doors = ("/feeds/text", "/api/v1/indicators", "/taxii2/", "/api/v1/tokens")
    for path in doors:
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-MISP-AUTH": key}, {"Authorization": key}):
            assert get(path, headers=headers).status_code == 401, path
        assert get(f"{path}?key={key}").status_code == 401


def test_a_token_opens_nothing_in_an_address(institution: Institution, key: str) -> None:
    token = make_token(institution, scopes=list(Scope))
    assert get(f"/feeds/k/{token}/text.txt").status_code == 404
    assert get(f"/feeds/k/{new_secret()}/text.txt", headers={"Authorization": token}).status_code == 404
    assert get(f"/feeds/k/{key}/text.txt", headers={"Authorization": "x" * 40}).status_code == 200


def test_a_session_does_not_help_a_wrong_key(institution: Institution, key: str) -> None:
    client = Client()
    make_member(institution, email="x@example.org")
    assert client.login(email="x@example.org", password=PASSWORD)
    assert client.get(f"/feeds/k/{new_secret()}/text.txt").status_code == 404


def test_a_key_writes_nothing(key: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(Client(), method)(f"/feeds/k/{key}/text.txt").status_code == 405


def revoked(key: str) -> None:
    revoke_token(Token.objects.get(digest=digest_of(key)), actor=PLATFORM)


def suspended(key: str) -> None:
    Institution.objects.filter(tokens__digest=digest_of(key)).update(state=Institution.State.SUSPENDED)


def switched_off(key: str) -> None:
    del key
    feed_keys.switch(on=False, actor=PLATFORM)


def elsewhere(key: str) -> None:
    Token.objects.filter(digest=digest_of(key)).update(networks=["192.0.2.0/24"])


@pytest.mark.parametrize("end", [revoked, suspended, switched_off, elsewhere])
def test_a_key_is_over_at_its_next_request_and_looks_as_if_it_never_was(end: Any, key: str) -> None:
    end(key)
    over, never = get(f"/feeds/k/{key}/text.txt"), get(f"/feeds/k/{new_secret()}/text.txt")
    assert (over.status_code, over.content) == (404, never.content)
    assert dict(over.headers) == dict(never.headers)


def test_there_are_no_keys_unless_the_community_switched_them_on(institution: Institution) -> None:
    with pytest.raises(Refusal, match="feed_keys_off"):
        make_token(institution, feed="text")
    feed_keys.switch(on=True, actor=PLATFORM)
    with pytest.raises(Refusal, match="unknown_feed"):
        make_token(institution, feed="nonsense")


def test_a_key_reads_and_nothing_else_whatever_is_asked_for(institution: Institution) -> None:
    feed_keys.switch(on=True, actor=PLATFORM)
    key = make_token(institution, feed="text", scopes=[Scope.INSTITUTION_ADMIN, Scope.INDICATORS_WRITE])
    assert Token.objects.get(digest=digest_of(key)).scopes == [Scope.FEEDS_READ]


def test_the_use_of_a_key_is_noted(key: str) -> None:
    get(f"/feeds/k/{key}/text.txt", headers={"User-Agent": "pfSense\x07" + "x" * 300}, REMOTE_ADDR="192.0.2.5")
    used = Token.objects.get(digest=digest_of(key))
    assert used.last_used_at is not None
    assert used.last_used_address == "192.0.2.5"
    assert used.last_used_client == ("pfSense " + "x" * 300)[:200]


def test_keys_are_counted_one_by_one_and_guesses_by_address(key: str, settings: Any, institution: Institution) -> None:
    settings.LIMITS = {"LIMIT_FEED_KEY": "2/60", "LIMIT_BAD_TOKEN": "3/60"}
    mine = [get(f"/feeds/k/{key}/text.txt").status_code for _ in range(3)]
    assert mine == [200, 200, 429]
    assert get(f"/feeds/k/{make_token(institution, feed='text')}/text.txt").status_code == 200
    guesses = [get(f"/feeds/k/{new_secret()}/text.txt").status_code for _ in range(4)]
    assert guesses == [404, 404, 404, 429]


def test_no_log_line_holds_a_key(key: str) -> None:
    """The lines of Django, as the console's formatter writes them."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(RedactingFormatter("%(name)s %(message)s").format(record))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    try:
        get(f"/feeds/k/{key}/csv.csv")
        get(f"/feeds/k/{key}/text.txt?nonsense=1")
        get(f"/nowhere/{key}")
    finally:
        logging.getLogger().removeHandler(handler)
    assert any("/feeds/k/iocm…/csv.csv" in line for line in lines)
    assert not [line for line in lines if key in line]


def test_no_error_page_repeats_a_key(key: str) -> None:
    for path in (f"/feeds/k/{key}/csv.csv", f"/feeds/k/{key}/text.txt?nonsense=1", f"/nowhere/{key}"):
        answer = get(path)
        assert answer.status_code in {400, 404}
        assert key not in answer.content.decode()
        assert key not in str(answer.headers)


# The public feed


@pytest.fixture
def opened() -> None:
    open_to_public(opened=True, actor=PLATFORM)


def test_the_public_feed_is_closed_unless_it_was_opened() -> None:
    publish()
    closed, nothing = get("/public/text"), get("/public/nonsense")
    assert (closed.status_code, closed.content) == (404, nothing.content)
    secret = make_token(make_institution(), scopes=list(Scope))
    assert get("/public/text", headers={"Authorization": secret}).status_code == 404


@pytest.mark.usefixtures("opened")
def test_anybody_reads_what_the_community_tells_in_clear() -> None:
    other = make_institution()
    contribute(other, "45.7.0.1", tlp=TLP.CLEAR)
    contribute(other, "45.7.0.2", tlp=TLP.GREEN)
    contribute(other, "45.7.0.3", tlp=TLP.CLEAR, audience="own")
    contribute(other, "45.7.0.4", tlp=TLP.CLEAR, pap=PAP.AMBER)
    publish()
    assert get("/public/text?comments=no").content == b"45.7.0.1\n"
    stix, csv = get("/public/stix"), get("/public/csv")
    for value, told in (("45.7.0.1", True), ("45.7.0.2", False), ("45.7.0.3", False), ("45.7.0.4", True)):
        assert (value in csv.content.decode()) is told
        assert (
            (value in b"".join(stix).decode()) is told if stix.streaming else (value in stix.content.decode()) is told
        )


@pytest.mark.usefixtures("opened")
def test_a_statement_in_amber_changes_nothing_in_public() -> None:
    contribute(make_institution(), "45.7.0.1", tlp=TLP.CLEAR, pap=PAP.GREEN)
    publish()
    before = get("/public/text")
    contribute(make_institution(), "45.7.0.1", tlp=TLP.AMBER, pap=PAP.RED)
    publish()
    after = get("/public/text")
    assert after.content == before.content
    assert after["ETag"] == before["ETag"]


@pytest.mark.usefixtures("opened")
def test_the_public_feed_may_be_cached_and_a_closed_one_is_gone() -> None:
    publish()
    answer = get("/public/csv")
    assert answer["Cache-Control"] == "public, max-age=60"
    assert "Authorization" not in answer["Vary"]
    assert get("/public/csv", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    open_to_public(opened=False, actor=PLATFORM)
    assert get("/public/csv", headers={"If-None-Match": answer["ETag"]}).status_code == 404


@pytest.mark.usefixtures("opened")
def test_every_format_is_there_for_everybody() -> None:
    publish()
    assert {get(f"/public/{fmt.name}").status_code for fmt in formats} == {200}
    for path in ("/public/nonsense", "/public/"):
        assert get(path).status_code == 404
    assert get("/public/csv?nonsense=1").status_code == 400


@pytest.mark.usefixtures("opened")
def test_a_credential_makes_no_difference_in_public(institution: Institution) -> None:
    contribute(make_institution(), "45.7.0.1")
    publish()
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER))
    secret = make_token(institution)
    anybody = get("/public/csv").content
    assert client.get("/public/csv").content == anybody
    assert get("/public/csv", headers={"Authorization": secret}).content == anybody
    assert b"45.7.0.1" not in anybody


@pytest.mark.usefixtures("opened")
def test_the_public_is_counted_by_address(settings: Any) -> None:
    publish()
    settings.LIMITS = {"LIMIT_PUBLIC_FEED": "2/60"}
    found = [get("/public/csv", REMOTE_ADDR="192.0.2.1").status_code for _ in range(3)]
    assert found == [200, 200, 429]
    assert get("/public/csv", REMOTE_ADDR="192.0.2.2").status_code == 200
