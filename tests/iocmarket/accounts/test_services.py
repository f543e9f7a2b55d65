"""Institutions, members and tokens are made by services, which refuse with a reason and leave a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from iocmarket.accounts import services
from iocmarket.accounts.lookups import approved_named, institution_named
from iocmarket.accounts.models import Asset, Institution, Member, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.viewer import viewer_of_member, viewer_of_token
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, PAP, PROVIDER, TLP, Marking
from tests.factories import make_institution, make_member

pytestmark = pytest.mark.django_db


def test_the_domains_of_an_approved_institution_are_its_verified_assets() -> None:
    institution = services.create_institution(
        name="INP  Mériane", domains=["Meriane.FR."], approved=True, actor=PLATFORM
    )
    asset = Asset.objects.get(institution=institution)
    assert institution.name == "INP Mériane"
    assert (asset.kind, asset.value) == (Asset.Kind.DOMAIN, "meriane.fr")
    assert (asset.verified_at is not None, asset.proof) == (True, "administrator")


def test_the_domains_of_an_applying_institution_are_not_verified_yet() -> None:
    institution = services.create_institution(name="INP", domains=["inp.fr"], actor=PLATFORM)
    assert not institution.is_approved
    assert Asset.objects.get(institution=institution).verified_at is None


def test_an_institution_has_one_name_whatever_the_case_and_the_spaces() -> None:
    make_institution("Université de Valbrune")
    with pytest.raises(Refusal) as refused:
        make_institution("UNIVERSITÉ  de valbrune")
    assert refused.value.code == "institution_exists"


def test_the_database_too_refuses_a_second_institution_of_that_name() -> None:
    make_institution("Valbrune")
    with pytest.raises(IntegrityError), transaction.atomic():
        Institution.objects.create(name="VALBRUNE")


def test_an_institution_is_found_by_name_in_any_case() -> None:
    institution = make_institution("Valbrune")
    assert institution_named(" valBRUNE ") == institution
    assert approved_named(["VALBRUNE"]) == [institution]


def test_only_approved_institutions_receive() -> None:
    make_institution("Waiting", approved=False)
    for name in ("Waiting", "Nobody"):
        with pytest.raises(Refusal) as refused:
            approved_named([name], where="/defaults/recipients")
        assert (refused.value.code, refused.value.where) == ("unknown_recipient", "/defaults/recipients")


def test_a_members_address_is_kept_in_lower_case_and_once() -> None:
    member = make_member(email="Ada@Example.org")
    assert member.email == "ada@example.org"
    assert member.is_approved
    with pytest.raises(Refusal) as refused:
        make_member(email="ADA@example.org")
    assert refused.value.code == "member_exists"


def test_the_role_decides_what_a_session_may_do() -> None:
    institution = make_institution()
    scopes = {role: viewer_of_member(make_member(institution, role=role)).scopes for role in Role}
    assert Scope.INDICATORS_WRITE not in scopes[Role.READER]
    assert Scope.INDICATORS_WRITE in scopes[Role.CONTRIBUTOR]
    assert Scope.INSTITUTION_ADMIN not in scopes[Role.CONTRIBUTOR]
    assert Scope.INSTITUTION_ADMIN in scopes[Role.MANAGER]


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", Member.State.APPLICANT), ("state", Member.State.SUSPENDED), ("is_active", False), ("institution", None)],
)
def test_who_is_not_let_in_is_no_viewer(field: str, value: object) -> None:
    member = make_member()
    setattr(member, field, value)
    with pytest.raises(PermissionError):
        viewer_of_member(member)


def make(**extra: object) -> services.NewToken:
    """A token, as asked for."""
    given: dict[str, object] = {
        "institution": make_institution(), "name": "SIEM", "scopes": [Scope.FEEDS_READ], "made_by": None,
        "actor": PLATFORM,
    } | extra  # fmt: skip
    return services.create_token(**given)  # type: ignore[arg-type]


def test_a_token_is_kept_as_its_digest_alone() -> None:
    made = make()
    row = Token.objects.get()
    assert made.secret not in str(row.__dict__)
    assert row.hint == made.secret[4:8]
    assert viewer_of_token(row).ceiling == FULL


@pytest.mark.parametrize("ceiling", [TLP.CLEAR, TLP.GREEN, TLP.AMBER])
def test_a_token_carries_what_it_was_made_for(ceiling: TLP) -> None:
    assert make(tlp_ceiling=ceiling).token.ceiling == Marking(ceiling, PAP.RED)


def test_no_token_carries_what_is_for_individuals() -> None:
    with pytest.raises(Refusal) as refused:
        make(tlp_ceiling=TLP.RED)
    assert refused.value.code == "ceiling_too_high"
    assert not Token.objects.exists()


def test_a_token_in_a_providers_hands_carries_no_more_than_a_provider_may() -> None:
    assert make(operated_by=Token.OperatedBy.PROVIDER).token.ceiling == PROVIDER
    narrow = make(operated_by=Token.OperatedBy.PROVIDER, tlp_ceiling=TLP.GREEN).token
    assert narrow.ceiling == Marking(TLP.GREEN, PAP.AMBER)


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"scopes": []}, "no_scope"),
        ({"scopes": ["everything"]}, "unknown_scope"),
        ({"scopes": ["indicators:read", ""]}, "unknown_scope"),
        ({"expires_at": clock.now() - timedelta(seconds=1)}, "expired"),
    ],
)
def test_a_token_that_would_open_nothing_is_refused(extra: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        make(**extra)
    assert refused.value.code == code


def test_revoking_twice_is_one_act() -> None:
    token = make().token
    services.revoke_token(token, actor=PLATFORM)
    first = Token.objects.get().revoked_at
    services.revoke_token(token, actor=PLATFORM)
    assert Token.objects.get().revoked_at == first
    assert Event.objects.filter(action="token.revoked").count() == 1
