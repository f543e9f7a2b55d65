"""The charter: everybody accepts each version; tokens stop when nobody has accepted for the institution in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.charters import accept_charter, current_charter, owed_by, publish_charter
from iocmarket.vetting.deciding import approve
from iocmarket.vetting.models import Acceptance
from iocmarket.vetting.paragraphs import Block, blocks_of
from tests.factories import make_applicant, make_institution, make_member, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Member:
    return make_member(administrator=True, role=Role.MANAGER)


def publish(by: Member, text: str = "Be kind.") -> int:
    return publish_charter(text_fr=f"{text} (fr)", text_en=text, by=by).version


def session_of(member: Member) -> Client:
    client = Client()
    client.force_login(member)
    return client


def pull(institution: Institution, secret: str) -> Any:
    return Client().get("/api/v1/indicators", headers={"Authorization": f"Bearer {secret}"})


def test_without_a_charter_nobody_owes_anything(administrator: Member) -> None:
    assert current_charter() is None
    assert owed_by(administrator) is None
    assert session_of(administrator).get("/").status_code == 200


def test_a_new_version_stands_before_every_page_until_it_is_accepted(administrator: Member) -> None:
    member = make_member()
    client = session_of(member)
    assert publish(administrator) == 1
    assert client.get("/search?q=secret.example")["Location"] == "/charter?next=%2Fsearch"
    assert client.get("/")["Location"] == "/charter"
    assert client.post("/share", {"text": "45.1.2.3"})["Location"] == "/charter"
    assert client.get("/help").status_code == 200
    problem = client.get("/api/v1/indicators")
    assert (problem.status_code, problem.json()["code"]) == (403, "charter_not_accepted")
    page = client.get("/charter?next=%2Fsearch").content.decode()
    assert "Be kind. (fr)" in page
    answer = client.post("/account/charter", {"version": "1", "next": "/search"})
    assert answer["Location"] == "/search"
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/indicators").status_code == 200
    assert publish(administrator, "Be kinder.") == 2
    assert client.get("/")["Location"] == "/charter"


def test_who_owes_the_charter_and_a_second_factor_gets_through_both(administrator: Member, settings: Settings) -> None:
    settings.MFA_REQUIRED = "managers"
    publish(administrator)
    client = session_of(make_member(role=Role.MANAGER))
    assert client.get("/")["Location"] == "/account/second-factor"
    assert client.get("/account/second-factor")["Location"] == "/charter?next=%2Faccount%2Fsecond-factor"
    accepted = client.post("/account/charter", {"version": "1", "next": "/account/second-factor"})
    assert accepted["Location"] == "/account/second-factor"
    assert client.get(accepted["Location"]).status_code == 200


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_accepting_leads_to_no_other_site(administrator: Member, onward: str) -> None:
    publish(administrator)
    assert session_of(make_member()).post("/account/charter", {"version": "1", "next": onward})["Location"] == "/"


@pytest.mark.parametrize("version", ["", "0", "1", "3", "x", "9" * 30])
def test_only_the_version_that_holds_is_accepted(administrator: Member, version: str) -> None:
    publish(administrator)
    publish(administrator, "Be kinder.")
    member = make_member()
    assert session_of(member).post("/account/charter", {"version": version}).status_code == 422
    assert not Acceptance.objects.filter(member=member).exists()


def test_publishing_is_the_publishers_own_acceptance(administrator: Member) -> None:
    publish(administrator)
    assert owed_by(administrator) is None


@pytest.mark.parametrize(("french", "english", "code"), [("", "x", "charter_text"), ("x", " ", "charter_text")])
def test_a_version_has_both_texts(administrator: Member, french: str, english: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        publish_charter(text_fr=french, text_en=english, by=administrator)
    assert refused.value.code == code


def test_the_same_text_is_no_new_version(administrator: Member) -> None:
    publish(administrator)
    with pytest.raises(Refusal) as refused:
        publish(administrator)
    assert refused.value.code == "charter_same"


def test_tokens_stop_after_the_grace_until_a_manager_accepts(administrator: Member) -> None:
    institution = make_institution()
    reader, manager = make_member(institution), make_member(institution, role=Role.MANAGER)
    secret = make_token(institution)
    publish(administrator)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        assert pull(institution, secret).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        refused = pull(institution, secret)
        assert (refused.status_code, refused.json()["code"]) == (403, "charter_not_accepted")
        assert Client().get("/feeds/csv", headers={"Authorization": secret}).status_code == 403
        assert Client().get("/taxii2/", headers={"Authorization": secret}).status_code == 403
        accept_charter(reader, version=1)
        assert pull(institution, secret).status_code == 403
        accept_charter(manager, version=1)
        assert pull(institution, secret).status_code == 200


def test_a_second_version_gives_no_second_grace(administrator: Member) -> None:
    institution = make_institution()
    publish(administrator)
    due = Institution.objects.get(pk=institution.pk).charter_due_at
    with time_machine.travel(clock.now() + timedelta(days=20), tick=False):
        publish(administrator, "Be kinder.")
        assert Institution.objects.get(pk=institution.pk).charter_due_at == due


def test_somebody_made_manager_later_is_asked_again_in_the_name_of_the_institution(administrator: Member) -> None:
    member = make_member()
    publish(administrator)
    accept_charter(member, version=1)
    assert owed_by(Member.objects.get(pk=member.pk)) is None
    Member.objects.filter(pk=member.pk).update(role=Role.MANAGER)
    member = Member.objects.select_related("institution").get(pk=member.pk)
    assert owed_by(member) is not None
    accept_charter(member, version=1)
    assert owed_by(Member.objects.select_related("institution").get(pk=member.pk)) is None


@pytest.mark.parametrize("accepted", [True, False])
def test_an_institution_comes_in_bound_by_its_first_manager_or_with_the_time_to(
    administrator: Member, accepted: bool
) -> None:
    publish(administrator)
    application = make_applicant(charter=1 if accepted else None)
    member = approve(application.member, by=administrator, without_vouches=True, reason="known")
    institution = Institution.objects.get(members=member)
    assert (institution.charter_due_at is None) is accepted


def test_only_administrators_publish() -> None:
    manager = session_of(make_member(role=Role.MANAGER))
    texts = {"text_fr": "a", "text_en": "b"}
    assert manager.get("/members/charter").status_code == 404
    assert manager.post("/members/charter", texts).status_code == 404
    assert current_charter() is None
    administrator = session_of(make_member(administrator=True, role=Role.READER))
    assert "À quoi sert" in administrator.get("/members/charter").content.decode()
    assert administrator.post("/members/charter", {"text_fr": "a", "text_en": ""}).status_code == 422
    assert administrator.post("/members/charter", texts | {"version": "7", "published_by": "1"}).status_code == 302
    charter = current_charter()
    assert charter is not None
    assert charter.version == 1


def test_everybody_reads_it_and_every_earlier_version(administrator: Member) -> None:
    assert Client().get("/charter").status_code == 200
    publish(administrator, "First <script>alert(1)</script>")
    publish(administrator, "Second")
    assert "Second" in Client().get("/charter").content.decode()
    first = Client().get("/charter/1").content.decode()
    assert "First &lt;script&gt;" in first
    assert "<script>alert" not in first
    assert Client().get("/charter/3").status_code == 404


def test_the_text_is_read_in_blocks() -> None:
    assert blocks_of("# Title\n\n- one\n- two\n\nA line\nand another\n\n\n") == [
        Block("heading", ("Title",)),
        Block("list", ("one", "two")),
        Block("text", ("A line", "and another")),
    ]
