"""An invitation: a link by mail that works once, for seven days, and tells nobody but the mailbox who is in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from iocmarket.accounts.invitations import invitation_behind, invite
from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.people import remove_member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from tests.factories import make_institution, make_member, make_token
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
NADIA = "nadia@valbrune.fr"
LONG = "sept chameaux traversent Roubaix"


@pytest.fixture
def house() -> Institution:
    """Whose manager invites."""
    return make_institution("Université de Valbrune")


@pytest.fixture
def manager(house: Institution) -> Member:
    """Who invites."""
    return make_member(house, role=Role.MANAGER, name="Claire Aubrac")


def browser(member: Member) -> Client:
    """A session of that member."""
    client = Client()
    client.force_login(member)
    return client


def send(by: Member, **data: str) -> Any:
    """The answer to the form."""
    return browser(by).post("/members/invite", {"email": NADIA, "role": "contributor", "language": "fr", **data})


def key_of(link: str) -> str:
    """The secret in the link."""
    return parse_qs(urlsplit(link).query)["key"][0]


def come_in(key: str, client: Client | None = None, **data: str) -> Any:
    """The answer to the form behind the link."""
    return (client or Client()).post(
        "/invitation", {"key": key, "name": "Nadia", "password": LONG, "again": LONG, **data}
    )


def test_from_the_letter_into_the_institution(house: Institution, manager: Member, mailbox: Mailbox) -> None:
    assert send(manager).status_code == 302
    [letter] = mailbox.letters(NADIA)
    assert "Université de Valbrune" in letter.subject
    [link] = [found for found in letter.links if "key=" in found]
    assert link.startswith(f"{settings.PUBLIC_URL}/invitation?key=")
    page = Client().get("/invitation", {"key": key_of(link)})
    assert page.status_code == 200
    assert NADIA in page.content.decode()
    assert not Member.objects.filter(email=NADIA).exists(), "reading the page changes nothing"
    newcomer = Client()
    answer = come_in(key_of(link), newcomer)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    nadia = Member.objects.get(email=NADIA)
    assert (nadia.institution, nadia.role, nadia.name, nadia.is_approved) == (house, Role.CONTRIBUTOR, "Nadia", True)
    assert EmailAddress.objects.filter(user=nadia, email=NADIA, verified=True, primary=True).exists()
    assert nadia.check_password(LONG)
    assert newcomer.get("/account").status_code == 200, "the link and the password are proof enough: logged in"
    assert Event.objects.filter(action="member.logged_in", subject_id=str(nadia.public_id)).count() == 1
    assert come_in(key_of(link)).status_code == 404, "it works once"
    assert [event.action for event in Event.objects.filter(action__startswith="invitation.").order_by("pk")] == [
        "invitation.sent",
        "invitation.accepted",
    ]


def test_the_letter_is_in_the_language_that_was_chosen(manager: Member, mailbox: Mailbox) -> None:
    send(manager, language="en")
    send(manager, email="autre@valbrune.fr", language="fr")
    assert "invites you" in mailbox.letters(NADIA)[0].subject
    assert "vous invite" in mailbox.letters("autre@valbrune.fr")[0].subject


def test_the_secret_is_kept_as_a_digest_alone(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    row = Invitation.objects.values().get()
    assert key not in str(row)
    assert key not in str(list(Event.objects.values()))


def test_the_link_runs_out_after_seven_days(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    begun = clock.now()
    with time_machine.travel(begun + timedelta(days=6, hours=23), tick=False):
        assert invitation_behind(key) is not None
    with time_machine.travel(begun + timedelta(days=7, seconds=1), tick=False):
        assert come_in(key).status_code == 404


def test_sent_again_the_old_link_opens_nothing(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    public_id = Invitation.objects.get().public_id
    assert browser(manager).post(f"/members/invitations/{public_id}/resend").status_code == 302
    old, new = (key_of(letter.links[0]) for letter in mailbox.letters(NADIA))
    assert come_in(old).status_code == 404
    assert come_in(new).status_code == 302


def test_taken_back_it_opens_nothing(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    browser(manager).post(f"/members/invitations/{Invitation.objects.get().public_id}/revoke")
    assert come_in(key).status_code == 404
    assert not Member.objects.filter(email=NADIA).exists()


def test_a_second_invitation_replaces_the_first(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    send(manager, role="reader")
    first, second = (key_of(letter.links[0]) for letter in mailbox.letters(NADIA))
    assert come_in(first).status_code == 404
    assert come_in(second).status_code == 302
    assert Member.objects.get(email=NADIA).role == Role.READER


@pytest.mark.parametrize("state", ["suspended", "removed"])
def test_who_is_out_lets_nobody_in(state: str, house: Institution, manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    if state == "suspended":
        suspend_institution(house, reason="charter", actor=PLATFORM)
    else:
        remove_member(manager, by=make_member(house, role=Role.MANAGER))
    assert come_in(key).status_code == 404


def test_whether_an_address_is_a_member_is_told_to_the_mailbox_alone(manager: Member, mailbox: Mailbox) -> None:
    thierry = make_member(make_institution("INP Mériane"), email="thierry@meriane.fr")
    known, unknown = send(manager, email=thierry.email), send(manager)
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    page = browser(manager).get("/members").content.decode()
    assert page.count("nadia@valbrune.fr") == page.count("thierry@meriane.fr") > 0
    [letter] = mailbox.letters(thierry.email)
    assert not [link for link in letter.links if "key=" in link]
    assert "Mériane" not in letter.text
    assert Member.objects.get(pk=thierry.pk).institution == thierry.institution


def test_a_colleague_is_not_invited_again(house: Institution, manager: Member, mailbox: Mailbox) -> None:
    colleague = make_member(house)
    answer = send(manager, email=colleague.email.upper())
    assert answer.status_code == 422
    assert not mailbox.letters()


def test_somebody_who_was_removed_comes_back_as_somebody_new(
    house: Institution, manager: Member, mailbox: Mailbox
) -> None:
    before = make_member(make_institution(), email=NADIA)
    make_member(before.institution, role=Role.MANAGER)
    remove_member(before, by=before)
    send(manager)
    assert come_in(key_of(mailbox.letters(NADIA)[0].links[0])).status_code == 302
    nadia = Member.objects.get(email=NADIA)
    assert nadia.pk != before.pk
    assert nadia.institution == house
    assert Member.objects.get(pk=before.pk).institution == before.institution


@pytest.mark.parametrize("password", ["short", "password1234", "11111111111111", NADIA])
def test_the_password_passes_the_rules(password: str, manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    assert come_in(key, password=password, again=password).status_code == 422
    assert come_in(key, again="something else entirely").status_code == 422
    assert not Member.objects.filter(email=NADIA).exists()


def test_fields_that_are_not_asked_for_assign_nothing(house: Institution, manager: Member, mailbox: Mailbox) -> None:
    send(manager, is_administrator="1", institution=str(make_institution().pk))
    key = key_of(mailbox.letters(NADIA)[0].links[0])
    come_in(key, email="other@example.org", role="manager", is_administrator="1", institution="1", state="approved")
    nadia = Member.objects.get(email=NADIA)
    assert (nadia.role, nadia.is_administrator, nadia.institution) == (Role.CONTRIBUTOR, False, house)


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_only_managers_invite(role: Role, house: Institution, mailbox: Mailbox) -> None:
    assert send(make_member(house, role=role)).status_code == 404
    assert not Invitation.objects.exists()
    assert not mailbox.letters()


def test_another_institutions_invitations_are_not_there(manager: Member, mailbox: Mailbox) -> None:
    send(manager)
    stranger = browser(make_member(role=Role.MANAGER))
    for act in ("resend", "revoke"):
        assert stranger.post(f"/members/invitations/{Invitation.objects.get().public_id}/{act}").status_code == 404
    assert len(mailbox.letters(NADIA)) == 1
    assert invitation_behind(key_of(mailbox.letters(NADIA)[0].links[0])) is not None


def test_an_unknown_role_is_refused(manager: Member) -> None:
    assert send(manager, role="administrator").status_code == 422


def test_the_api_invites_like_the_page(house: Institution, manager: Member, mailbox: Mailbox) -> None:
    machine = Client(headers={"Authorization": f"Bearer {make_token(house, scopes=[Scope.INSTITUTION_ADMIN])}"})
    path = "/api/v1/institutions/self/invitations"
    made = machine.post(path, {"email": NADIA, "role": "reader"}, content_type="application/json")
    assert made.status_code == 201
    assert set(made.json()) == {"id", "email", "role", "created", "expires"}
    assert [one["id"] for one in machine.get(path).json()["invitations"]] == [made.json()["id"]]
    again = machine.post(f"{path}/{made.json()['id']}/letter")
    assert again.status_code == 200
    assert len(mailbox.letters(NADIA)) == 2
    assert machine.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert machine.delete(f"{path}/{made.json()['id']}").status_code == 404
    wrong = machine.post(path, {"email": "x", "role": "administrator", "id": "1"}, content_type="application/json")
    assert {fault["where"] for fault in wrong.json()["errors"]} == {"/email", "/role", "/id"}
    assert manager.pk


def test_a_failing_letter_does_not_fail_the_act(house: Institution, manager: Member, mailbox: Mailbox) -> None:
    mailbox.refusals.append("451 later")
    invite(house, email=NADIA, role=Role.READER, by=manager)
    mailbox.letters()
    assert Invitation.objects.count() == 1
