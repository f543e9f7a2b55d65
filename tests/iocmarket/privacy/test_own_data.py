"""A person takes the own data along, and erases them for good."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers import serialize
from django.test import Client

from iocmarket.accounts.invitations import invite
from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.reauthentication import LOGGED_IN_AT
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.sealing import seal_all
from iocmarket.audit.services import PLATFORM
from iocmarket.audit.verifying import verify
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.privacy import exporting
from iocmarket.privacy.erasing import erase_member, is_erased
from iocmarket.privacy.exporting import export_member
from iocmarket.vetting.charters import publish_charter
from iocmarket.vetting.models import Acceptance, Application, Charter, Question, Vouch
from tests.everything import places_of
from tests.factories import PASSWORD, contribute, make_institution, make_member, make_token

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
    SocialAccount.objects.create(user=ada, provider="campus", uid="ada@campus.example")
    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": "of-ada"})
    seal_all()
    answer = client.post("/account/data/erase", ERASE)
    assert answer["Location"] == "/account/data/erased"
    assert client.get("/account/data/erased").status_code == 200
    written = serialize("json", Member.objects.all()) + serialize("json", Event.objects.all())
    for model in (EmailAddress, SocialAccount, Authenticator, UserSession):
        assert not model.objects.filter(user_id=ada.pk).exists(), model
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


def a_whole_life() -> Member:
    """Somebody who applied, was vouched for and vouches, accepted the charter, and logs in by a federation."""
    house, words = make_institution(), "mot-de-jeanne"
    jeanne = make_member(house, role=Role.MANAGER, name="Jeanne Dubreuil", email="jeanne@valbrune.fr")
    make_member(house, role=Role.MANAGER)
    other = make_member()
    assert other.institution is not None
    asked = Application.objects.create(member=jeanne, institution_name="mot-de-jeanne", contact_email=jeanne.email)
    Question.objects.create(application=asked, question="qui ?", answer=words)
    Vouch.objects.create(application=asked, institution=other.institution, member=other, words=f"{words} reçu")
    theirs = Application.objects.create(member=other, institution_name="Autre")
    Vouch.objects.create(application=theirs, institution=house, member=jeanne, words=f"{words} donné")
    publish_charter(text_fr="Texte.", text_en="Text.", by=jeanne)
    Acceptance.objects.get_or_create(member=jeanne, charter=Charter.objects.get())
    invite(house, email="invited@valbrune.fr", role=Role.READER, by=jeanne)
    SocialAccount.objects.create(user=jeanne, provider="federation", uid="subject-of-jeanne")
    UserSession.objects.create(user=jeanne, ip="192.0.2.7", session_key="k" * 32, user_agent=words)
    make_token(house)
    Token.objects.filter(institution=house).update(made_by=jeanne)
    contribute(house, "45.7.7.9", author=jeanne, tlp=TLP.RED, audience="own", comment=words)
    Report.objects.create(institution=house, author=jeanne, title=words, description=words, tlp=TLP.RED, audience="own")
    return jeanne


def test_the_export_of_a_person_holds_everything_of_the_life_here() -> None:
    jeanne = a_whole_life()
    found = files(session(jeanne).post("/account/data/export"))
    assert found["application.json"][0]["institution_name"] == "mot-de-jeanne"
    assert found["application_questions.json"][0]["answer"] == "mot-de-jeanne"
    assert [row["words"] for row in found["vouches.json"]] == ["mot-de-jeanne donné"]
    assert [row["words"] for row in found["vouches_received.json"]] == ["mot-de-jeanne reçu"]
    assert [row["version"] for row in found["charter.json"]] == [1]
    assert [row["email"] for row in found["invitations.json"]] == ["invited@valbrune.fr"]
    assert len(found["tokens.json"]) == 1
    ways_in = {row["kind"]: row for row in found["means_of_logging_in.json"]}
    assert ways_in["socialaccount.socialaccount"]["uid"] == "subject-of-jeanne"
    assert "usersessions.usersession" in ways_in


def test_nothing_that_tells_who_it_was_is_left_in_any_table() -> None:
    jeanne = a_whole_life()
    client = Client()
    client.post("/accounts/login/", {"login": jeanne.email, "password": PASSWORD})
    client.get("/")
    for words in ("jeanne@valbrune", "Dubreuil", "subject-of-jeanne", "mot-de-jeanne"):
        assert places_of(words), "the search must be able to find"
    erase_member(jeanne, reason="asked for", actor=PLATFORM)
    for words in ("jeanne@valbrune", "Dubreuil", "subject-of-jeanne", "mot-de-jeanne"):
        assert places_of(words) == []
    assert Acceptance.objects.filter(member=jeanne).exists()
    assert Token.objects.filter(made_by=jeanne).exists()
    assert Vouch.objects.filter(member=jeanne).exists()


def test_an_export_is_sent_while_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PIECE", 4096)
    ada = make_member()
    assert ada.institution is not None
    for _ in range(10):
        contribute(ada.institution, author=ada, comment=secrets.token_hex(1000))
    pieces = list(export_member(ada, actor=PLATFORM))
    assert len(pieces) > 1
    assert max(map(len, pieces)) < 4 * 4096
