"""A person takes the own data along, and erases them for good."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.serializers import serialize
from django.test import Client

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import LOGGED_IN_AT
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.sealing import seal_all
from iocmarket.audit.services import PLATFORM
from iocmarket.audit.verifying import verify
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.privacy.erasing import erase_member, is_erased
from tests.factories import PASSWORD, contribute, make_institution, make_member

pytestmark = pytest.mark.django_db
ERASE = {"reason": "I leave", "confirm": "yes"}


def session(member: Member) -> Client:
    """Logged in a moment ago."""
    client = Client()
    client.force_login(member)
    return client


def files(answer: Any) -> dict[str, list[dict[str, Any]]]:
    """What a download holds."""
    body = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return {name: json.loads(packed.read(name)) for name in packed.namelist()}


def test_the_export_holds_the_profile_what_was_said_and_what_was_done() -> None:
    ada = make_member(name="Ada Dubreuil", email="ada@example.org")
    assert ada.institution is not None
    contribute(ada.institution, "45.7.7.7", author=ada, comment="seen at night")
    contribute(ada.institution, "45.7.7.8", comment="a colleague's")
    found = files(session(ada).post("/account/data/export"))
    assert found["profile.json"][0]["email"] == "ada@example.org"
    assert [row["value"] for row in found["statements.json"]] == ["45.7.7.7"]
    assert "member.exported" in {row["action"] for row in found["acts.json"]}
    assert "password" not in json.dumps(found)
    assert Event.objects.get(action="member.exported").actor_id == ada.pk


def test_a_manager_takes_the_data_of_the_institution_without_what_is_a_persons_alone() -> None:
    ada = make_member(role=Role.MANAGER)
    assert ada.institution is not None
    contribute(ada.institution, "45.7.7.7")
    contribute(ada.institution, "45.7.7.9", author=make_member(ada.institution), tlp=TLP.RED, audience="own")
    contribute(make_institution(), "45.7.7.8")
    found = files(session(ada).post("/account/data/institution"))
    assert [row["value"] for row in found["statements.json"]] == ["45.7.7.7"]
    assert len(found["members.json"]) == 2
    assert session(make_member(ada.institution)).post("/account/data/institution").status_code == 404


@pytest.mark.parametrize("path", ["export", "institution", "erase"])
def test_an_open_session_that_was_left_behind_takes_and_erases_nothing(path: str) -> None:
    ada = make_member(role=Role.MANAGER)
    client = session(ada)
    kept = client.session
    kept[LOGGED_IN_AT] = 0
    kept.save()
    answer = client.post(f"/account/data/{path}", ERASE)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    ada.refresh_from_db()
    assert not is_erased(ada)


def test_an_erased_person_is_nowhere_in_the_database() -> None:
    ada = make_member(name="Ada Dubreuil", email="ada@example.org")
    contribute(ada.institution or make_institution(), "45.7.7.7", author=ada)
    client = session(ada)
    seal_all()
    answer = client.post("/account/data/erase", ERASE)
    assert answer["Location"] == "/account/data/erased"
    assert client.get("/account/data/erased").status_code == 200
    written = serialize("json", Member.objects.all()) + serialize("json", Event.objects.all())
    for word in ("Ada", "Dubreuil", "ada@example.org"):
        assert word not in written
    assert Event.objects.filter(actor_id=ada.pk).exists()
    assert not Event.objects.filter(actor_id=ada.pk, salt__isnull=False).exists()
    seal_all()
    assert verify().holds


def test_what_was_shared_stays_the_institutions_and_one_authors() -> None:
    ada = make_member()
    assert ada.institution is not None
    said = contribute(ada.institution, "45.7.7.7", author=ada)
    red = contribute(ada.institution, "45.7.7.8", author=ada, tlp=TLP.RED, audience="own", comment="hush")
    erase_member(ada, reason="asked for", actor=PLATFORM)
    assert Contribution.unscoped.get(pk=said.pk).author_id == ada.pk
    assert Contribution.unscoped.get(pk=said.pk).withdrawn_at is None
    red = Contribution.unscoped.get(pk=red.pk)
    assert (red.withdrawn_at is None, red.comment) == (False, "")


def test_sessions_end_and_nobody_logs_in_again() -> None:
    ada = make_member(email="ada@example.org")
    first, second = session(ada), session(ada)
    first.post("/account/data/erase", ERASE)
    assert second.get("/").status_code == 302
    answer = Client().post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert answer.status_code == 200


def test_an_erasure_needs_the_box_and_a_reason() -> None:
    ada = make_member()
    client = session(ada)
    for form in ({"reason": "I leave"}, {"confirm": "yes", "reason": " "}, {"confirm": "yes", "reason": "x" * 501}):
        answer = client.post("/account/data/erase", form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    ada.refresh_from_db()
    assert not is_erased(ada)


def test_the_last_manager_and_the_last_administrator_stay_until_somebody_follows() -> None:
    ada = make_member(role=Role.MANAGER)
    make_member(ada.institution)
    with pytest.raises(Refusal, match="last_manager"):
        erase_member(ada, reason="x", actor=PLATFORM)
    chief = make_member(administrator=True)
    with pytest.raises(Refusal, match="last_administrator"):
        erase_member(chief, reason="x", actor=PLATFORM)
    make_member(administrator=True)
    erase_member(chief, reason="x", actor=PLATFORM)
    chief.refresh_from_db()
    assert (is_erased(chief), chief.is_administrator) == (True, False)


def test_erasing_twice_is_one_act() -> None:
    ada = make_member()
    for _ in range(2):
        erase_member(ada, reason="x", actor=PLATFORM)
    assert Event.objects.filter(action="member.erased").count() == 1


def test_somebody_who_is_suspended_keeps_the_right() -> None:
    ada = make_member()
    client = session(ada)
    Member.objects.filter(pk=ada.pk).update(state=Member.State.SUSPENDED)
    assert client.get("/account/data").status_code == 200
    assert files(client.post("/account/data/export"))["profile.json"]


def test_the_page_of_personal_data_is_for_everybody() -> None:
    page = Client().get("/privacy", headers={"Accept-Language": "fr"})
    assert page.status_code == 200
    assert Client().get("/account/data").status_code == 302
