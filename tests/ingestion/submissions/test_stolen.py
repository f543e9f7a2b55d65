"""Stolen accounts: told to the institution of their verified mail domain, to its managers, and to nobody else."""

from __future__ import annotations

import json
import zipfile
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client

from ingestion.stolen.keeping import DAYS
from ingestion.stolen.models import StolenAccount
from iocmarket.accounts.models import Asset, Institution
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import erase_member
from iocmarket.privacy.exporting import export_institution
from iocmarket.privacy.purging import purge
from tests.everything import places_of
from tests.factories import make_institution, make_member
from tests.ingestion.submissions.conftest import Sender
from tests.ingestion.submissions.test_long import worked
from tests.mailbox import Mailbox

SECRET = "Tr0ub4dor-7"
LIST = (
    "URL;LOGIN;MOT DE PASSE;DATE\n"
    f"https://ent.univ-valbrune.fr/portail-secret;Jean.Dupont@univ-valbrune.fr;{SECRET};2026-09-01\n"
    f"https://ent.univ-valbrune.fr/portail-secret;paul@etu.univ-valbrune.fr;{SECRET};2026-09-01\n"
    f"https://ent.univ-valbrune.fr/portail-secret;jean.dupont@univ-valbrune.fr;{SECRET}2;2026-09-01\n"
    f"https://shop.example.org/;marie@ailleurs.example.com;{SECRET};2026-09-01\n"
    f"https://shop.example.org/;jdupont;{SECRET};2026-09-01\n"
)
OTHERS = (SECRET, "portail-secret", "marie", "jdupont", "shop.example.org")


def owner_of(domain: str, *, verified: bool = True, kind: str = Asset.Kind.MAIL_DOMAIN) -> Institution:
    """An institution with that domain."""
    institution = make_institution()
    Asset.objects.create(
        institution=institution, kind=kind, value=domain, verified_at=clock.now() if verified else None,
        proof=Asset.Proof.DNS,
    )  # fmt: skip
    return institution


def send(sender: Sender, text: str = LIST, query: str = "") -> Any:
    """POST a list of an infostealer."""
    return sender.raw(text.encode(), "text/csv", f"?format=stealer{query}")


def reasons(answer: Any) -> list[str]:
    """Why each item is no indicator."""
    assert answer.status_code == 201, answer.json()
    assert answer.json()["counts"]["refused"] == answer.json()["counts"]["received"]
    return [item["reason"] for item in answer.json()["items"]]


def manager_of(institution: Institution) -> Client:
    """A browser of one of its managers."""
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER))
    return client


@pytest.fixture
def owner(db: None) -> Institution:
    """Who owns the mail domain of the list."""
    return owner_of("univ-valbrune.fr")


def test_an_account_goes_to_the_owner_of_its_mail_domain_and_to_nobody_else(owner: Institution, sender: Sender) -> None:
    answer = send(sender)
    assert reasons(answer) == ["account_routed"] * 3 + ["account_of_nobody"] * 2
    assert [item["input"] for item in answer.json()["items"]] == ["••••"] * 5
    held = StolenAccount.objects.filter(institution=owner).order_by("account")
    assert [(row.account, row.service, row.stolen_on) for row in held] == [
        ("jean.dupont@univ-valbrune.fr", "ent.univ-valbrune.fr", date(2026, 9, 1)),
        ("paul@etu.univ-valbrune.fr", "ent.univ-valbrune.fr", date(2026, 9, 1)),
    ]
    assert StolenAccount.objects.count() == 2
    assert not Indicator.objects.exists()
    assert not Contribution.unscoped.exists()


def test_no_password_and_no_account_of_others_is_in_the_database_or_the_log(
    owner: Institution, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send(sender)
    for hidden in OTHERS:
        assert places_of(hidden) == []
        assert hidden not in answer.content.decode() + caplog.text
    assert places_of("jean.dupont@univ-valbrune.fr") == ["stolen_stolenaccount"]
    assert "jean.dupont" not in answer.content.decode() + caplog.text


def test_a_long_list_too(owner: Institution, sender: Sender, working: None, caplog: pytest.LogCaptureFixture) -> None:
    many = "".join(f"https://shop.example.org/;victim{number}@univ-valbrune.fr;{SECRET};x\n" for number in range(600))
    answer = send(sender, LIST + many)
    assert answer.status_code == 202
    assert worked(answer.json()).refused == 605
    assert StolenAccount.objects.filter(institution=owner).count() == 602
    for hidden in OTHERS[:4]:
        assert places_of(hidden) == []
        assert hidden not in caplog.text


@pytest.mark.parametrize(
    ("verified", "kind"), [(False, Asset.Kind.MAIL_DOMAIN), (True, Asset.Kind.DOMAIN)], ids=["unproven", "no mail"]
)
def test_only_a_verified_mail_domain_makes_an_owner(verified: bool, kind: str, sender: Sender) -> None:
    owner_of("univ-valbrune.fr", verified=verified, kind=kind)
    assert set(reasons(send(sender))) == {"account_of_nobody"}
    assert not StolenAccount.objects.exists()


def test_who_is_out_is_told_nothing(owner: Institution, sender: Sender) -> None:
    Institution.objects.filter(pk=owner.pk).update(state=Institution.State.SUSPENDED)
    assert set(reasons(send(sender))) == {"account_of_nobody"}


def test_the_longest_domain_owns(owner: Institution, sender: Sender) -> None:
    faculty = owner_of("etu.univ-valbrune.fr")
    reasons(send(sender))
    assert [row.account for row in faculty.stolen_accounts.all()] == ["paul@etu.univ-valbrune.fr"]


def test_a_preview_tells_the_same_and_keeps_nothing(owner: Institution, sender: Sender) -> None:
    answer = send(sender, query="&dry_run=1")
    assert [item["reason"] for item in answer.json()["items"]] == ["account_routed"] * 3 + ["account_of_nobody"] * 2
    assert not StolenAccount.objects.exists()
    assert not Event.objects.filter(action="accounts.told").exists()


def test_managers_are_written_to_once_and_the_letter_names_nobody(
    owner: Institution, sender: Sender, mailbox: Mailbox
) -> None:
    manager = make_member(owner, role=Role.MANAGER)
    make_member(owner, role=Role.CONTRIBUTOR)
    reasons(send(sender))
    reasons(send(sender))
    (letter,) = mailbox.letters()
    assert letter.to == manager.email
    assert "2" in letter.subject
    assert "/stolen-accounts" in letter.text
    assert "dupont" not in str(letter.message).lower()


def test_the_page_is_the_managers_of_the_owner(owner: Institution, sender: Sender) -> None:
    reasons(send(sender))
    page = manager_of(owner).get("/stolen-accounts").content.decode()
    assert "jean.dupont@univ-valbrune.fr" in page
    assert "ent.univ-valbrune.fr" in page
    for other in (sender.institution, make_institution()):
        assert "jean.dupont" not in manager_of(other).get("/stolen-accounts").content.decode()
    reader = Client()
    reader.force_login(make_member(owner, role=Role.CONTRIBUTOR))
    assert reader.get("/stolen-accounts").status_code == 404


def test_done_forgets_it_and_only_the_owner_can(owner: Institution, sender: Sender) -> None:
    reasons(send(sender))
    row = owner.stolen_accounts.get(account="paul@etu.univ-valbrune.fr")
    path = f"/stolen-accounts/{row.public_id}/done"
    assert manager_of(sender.institution).post(path).status_code == 404
    assert manager_of(owner).post(path).status_code == 302
    assert places_of("paul@etu.univ-valbrune.fr") == []


def test_it_is_forgotten_after_some_days_and_dated_anew_when_told_again(owner: Institution, sender: Sender) -> None:
    reasons(send(sender))
    with time_machine.travel(clock.now() + timedelta(days=DAYS - 1)):
        reasons(send(sender, "\n".join(LIST.splitlines()[:2])))
    with time_machine.travel(clock.now() + timedelta(days=DAYS + 1)):
        purge()
    assert [row.account for row in owner.stolen_accounts.all()] == ["jean.dupont@univ-valbrune.fr"]


def test_the_owner_takes_it_along_and_the_sender_does_not(owner: Institution, sender: Sender) -> None:
    reasons(send(sender))

    def taken(institution: Institution) -> Any:
        octets = b"".join(export_institution(institution, actor=PLATFORM))
        return json.loads(zipfile.ZipFile(BytesIO(octets)).read("stolen_accounts.json"))

    assert {row["account"] for row in taken(owner)} == {"jean.dupont@univ-valbrune.fr", "paul@etu.univ-valbrune.fr"}
    assert taken(sender.institution) == []


def test_a_person_who_is_erased_is_forgotten_here_too(owner: Institution, sender: Sender) -> None:
    person = make_member(owner, email="jean.dupont@univ-valbrune.fr")
    reasons(send(sender))
    erase_member(person, reason="left", actor=PLATFORM)
    assert [row.account for row in owner.stolen_accounts.all()] == ["paul@etu.univ-valbrune.fr"]
