"""The facts beside an application."""

from __future__ import annotations

import pytest
from django.utils import translation

from iocmarket.accounts.models import Asset, Member
from iocmarket.vetting.checks import alike, checks_of, is_disposable
from iocmarket.vetting.models import Application
from tests.factories import make_applicant, make_institution

pytestmark = pytest.mark.django_db


def said(application: Application) -> dict[str, str]:
    """Sentence → weight."""
    member = Member.objects.select_related("institution").get(pk=application.member_id)
    with translation.override("en"):
        return {check.text: check.kind for check in checks_of(member, application)}


def test_an_ordinary_application_raises_no_doubt() -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    application = make_applicant("École de Lumen", email="ada@mail.lumen-ecole.fr", domains=["lumen-ecole.fr"])
    assert said(application) == {
        "The address is not a throw-away one.": "ok",
        "The address lies in a declared domain.": "ok",
        "No member has declared these domains.": "ok",
    }


def test_a_throw_away_address_is_told() -> None:
    assert is_disposable("yopmail.com")
    assert is_disposable("inbox.yopmail.com")
    assert not is_disposable("univ-valbrune.fr")
    assert said(make_applicant(email="ada@yopmail.com"))["The address is a throw-away one."] == "bad"


def test_an_address_outside_of_the_declared_domains_is_told() -> None:
    application = make_applicant(email="ada@evil-lumen-ecole.fr", domains=["lumen-ecole.fr"])
    assert said(application)["The address lies in no declared domain."] == "warn"


@pytest.mark.parametrize("declared", ["univ-valbrune.fr", "labo.univ-valbrune.fr"])
def test_a_domain_of_a_member_is_told(declared: str) -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    found = said(make_applicant("École de Lumen", domains=[declared]))
    assert found[f"{declared} is declared by Université de Valbrune already."] == "bad"
    assert "No member has declared these domains." not in found


def test_a_network_of_a_member_is_told() -> None:
    institution = make_institution("Université de Valbrune")
    Asset.objects.create(institution=institution, kind=Asset.Kind.NETWORK, value="193.52.7.0/24")
    Asset.objects.create(institution=institution, kind=Asset.Kind.NETWORK, value="nonsense")
    found = said(make_applicant("École de Lumen", networks=["193.52.0.0/16", "2001:660::/32"]))
    assert found["193.52.0.0/16 is declared by Université de Valbrune already."] == "bad"


def test_a_name_that_resembles_a_members_is_told() -> None:
    make_institution("Université de Valbrune")
    found = said(make_applicant("Universite Valbrune"))
    assert found["The name resembles that of Université de Valbrune (Approved)."] == "warn"


def test_a_colleague_is_compared_with_the_institution_and_learns_of_no_other() -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    make_institution("Universite de Valbrun", domains=["lumen-ecole.fr"])
    inside = make_applicant("Université de Valbrune", email="a@univ-valbrune.fr")
    outside = make_applicant("Université de Valbrune", email="a@lumen-ecole.org", domains=["lumen-ecole.fr"])
    assert said(inside)["The address lies in a verified domain of the institution."] == "ok"
    found = said(outside)
    assert found["The address lies in no verified domain of the institution."] == "warn"
    assert not [text for text in found if "Valbrun " in text or "lumen" in text]


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        ("Université de Lorraine", "Universite  Lorraine", True),
        ("Lorraine, université", "Université de Lorraine", True),
        ("Université de Lorraine", "Université de Toulouse", False),
        ("INP Mériane", "INP Meriane", True),
        ("", "Université", False),
        ("日本", "中国", False),
    ],
)
def test_names_are_alike_when_people_would_confuse_them(first: str, second: str, are: bool) -> None:
    assert alike(first, second) is are
