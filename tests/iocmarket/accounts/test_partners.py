"""Partners: what an agreement opens, what it never opens, and that it ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.opening import open_to_public, the_public
from iocmarket.accounts.partners import end_agreement, make_partner, renew_agreement
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of
from iocmarket.accounts.services import create_member, create_token
from iocmarket.accounts.viewer import viewer_of_public, viewer_of_token
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP, Marking
from tests.factories import PASSWORD, contribute, make_institution, make_member, make_token, publish, withdraw

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GREEN = Marking(TLP.GREEN, PAP.RED)


@pytest.fixture
def partner() -> Institution:
    return make_partner(
        name="CERT national", agreement="Convention.", until=clock.now() + 30 * DAY, contact_email="", actor=PLATFORM
    )


def read(secret: str) -> tuple[int, list[str]]:
    """The status of the feed for that token, and the values in it."""
    answer = Client().get("/feeds/csv", headers={"Authorization": secret})
    lines = answer.getvalue().decode().splitlines() if answer.status_code == 200 else []
    return answer.status_code, sorted(line.split(",")[0] for line in lines if line[:1].isdigit())


def test_a_partner_reads_what_the_community_is_told_up_to_green(partner: Institution) -> None:
    other = make_institution()
    secret = make_token(partner)
    for number, tlp in enumerate((TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT)):
        contribute(other, f"45.7.0.{number}", tlp=tlp)
    contribute(other, "45.7.1.1", tlp=TLP.CLEAR, audience="own")
    contribute(other, "45.7.1.2", tlp=TLP.CLEAR, audience="recipients", recipients=[partner])
    publish()
    answer = Client().get("/api/v1/indicators", headers={"Authorization": secret})
    assert sorted(row["value"] for row in answer.json()["indicators"]) == ["45.7.0.0", "45.7.0.1"]
    status, values = read(secret)
    assert status == 200
    assert len(values) == 2


@pytest.mark.parametrize("ceiling", [TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT])
def test_no_token_of_a_partner_carries_more_than_green(partner: Institution, ceiling: TLP) -> None:
    token = Token.objects.get(digest=digest_of(make_token(partner, tlp_ceiling=ceiling)))
    assert token.ceiling == GREEN
    Token.objects.update(tlp_ceiling=TLP.AMBER_STRICT)  # whatever the row says
    token.refresh_from_db()
    viewer = viewer_of_token(token)
    assert (viewer.ceiling, viewer.community_only) == (GREEN, True)


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.INDICATORS_READ, Scope.FEEDS_READ}))
def test_no_token_of_a_partner_does_anything_but_read(partner: Institution, scope: Scope) -> None:
    with pytest.raises(Refusal, match="partner_reads_only"):
        make_token(partner, scopes=[Scope.INDICATORS_READ, scope])
    secret = make_token(partner)
    Token.objects.update(scopes=list(Scope))  # whatever the row says
    viewer = viewer_of_token(Token.objects.get(digest=digest_of(secret)))
    assert viewer.scopes == {Scope.INDICATORS_READ, Scope.FEEDS_READ}


def test_a_partner_has_no_people(partner: Institution) -> None:
    with pytest.raises(Refusal, match="no_people"):
        create_member(email="x@example.org", institution=partner, password=PASSWORD, actor=PLATFORM)
    member = make_member()
    Member.objects.filter(pk=member.pk).update(institution=partner)  # whatever the row says
    client = Client()
    client.force_login(member)
    assert client.get("/search")["Location"] == "/account/waiting"
    assert client.get("/api/v1/indicators").status_code == 401


def test_the_agreement_ends_by_itself_at_the_next_request(partner: Institution) -> None:
    publish()
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        secret = make_token(partner)
        publish()
        assert read(secret)[0] == 200
        traveller.move_to(partner.agreement_until or start)
        assert read(secret)[0] == 401
        renew_agreement(partner, agreement="Encore.", until=clock.now() + DAY, actor=PLATFORM)
        assert read(secret)[0] == 200


def test_an_agreement_that_is_ended_revokes_every_token(partner: Institution) -> None:
    secret = make_token(partner)
    end_agreement(partner, actor=PLATFORM)
    end_agreement(partner, actor=PLATFORM)
    assert read(secret)[0] == 401
    renew_agreement(partner, agreement="Encore.", until=clock.now() + DAY, actor=PLATFORM)
    assert read(secret)[0] == 401
    assert [event.action for event in Event.objects.filter(action__startswith="partner.").order_by("pk")] == [
        "partner.made", "partner.ended", "partner.renewed",
    ]  # fmt: skip


def test_what_was_withdrawn_without_an_agreement_is_never_told(partner: Institution) -> None:
    secret, other = make_token(partner), make_institution()
    said = [contribute(other, tlp=TLP.GREEN), contribute(other, tlp=TLP.GREEN)]
    publish()
    withdraw(said[0])
    publish()
    Institution.objects.filter(pk=partner.pk).update(agreement_until=clock.now())
    withdraw(said[1])
    publish()
    renew_agreement(partner, agreement="Encore.", until=clock.now() + DAY, actor=PLATFORM)
    bundle = Client().get("/feeds/stix", headers={"Authorization": secret}).getvalue().decode()
    assert not [row.indicator.value for row in said if row.indicator.value in bundle]


def test_a_partner_agrees_to_something_until_some_day() -> None:
    later = clock.now() + DAY
    for given, code in (
        ({"agreement": " ", "until": later}, "agreement_required"),
        ({"agreement": "x" * 2001, "until": later}, "agreement_required"),
        ({"agreement": "x", "until": clock.now()}, "agreement_over"),
        ({"agreement": "x", "until": later, "name": " "}, "bad_name"),
        ({"agreement": "x", "until": later, "name": make_institution("Une").name.upper()}, "institution_exists"),
    ):
        with pytest.raises(Refusal, match=code):
            make_partner(**{"name": "CERT", "contact_email": "", "actor": PLATFORM, **given})  # type: ignore[arg-type]
    assert not Institution.objects.filter(kind=Institution.Kind.PARTNER).exists()
    with pytest.raises(Refusal, match="not_a_partner"):
        end_agreement(make_institution(), actor=PLATFORM)


def test_nothing_can_be_addressed_to_a_partner_and_it_is_in_no_circle(partner: Institution) -> None:
    member = make_member(make_institution())
    client = Client()
    client.force_login(member)
    body = {"defaults": {"audience": "recipients", "recipients": [partner.name]}, "indicators": ["45.7.0.1"]}
    answer = client.post("/api/v1/submissions", body, content_type="application/json")
    assert answer.json()["code"] == "unknown_recipient"
    assert partner.name not in client.get("/share").content.decode()
    circle = create_circle(name="Veille", founder=member.institution, actor=PLATFORM)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="not_approved"):
        join_circle(circle, partner, actor=PLATFORM)


def test_a_partner_hides_nobody_in_the_crowd(partner: Institution) -> None:
    """Anonymity is warned of below five institutions: those outside are none of them."""
    members = [make_institution() for _ in range(4)]
    open_to_public(opened=True, actor=PLATFORM)
    secret = make_token(members[0], scopes=[Scope.INDICATORS_WRITE])
    body = {"defaults": {"anonymous": True}, "indicators": ["45.7.0.1"]}

    def warnings() -> list[str]:
        answer = Client().post(
            "/api/v1/submissions?dry_run=1", body, content_type="application/json", headers={"Authorization": secret}
        )
        return list(answer.json()["items"][0]["warnings"])

    few = warnings()
    make_institution()
    assert set(few) - set(warnings())


def test_a_partner_has_no_collection_but_the_communitys(partner: Institution) -> None:
    secret = make_token(partner)
    publish()
    answer = Client().get("/taxii2/api/collections/", headers={"Authorization": secret})
    assert [found["title"] for found in answer.json()["collections"]] == ["Communauté"]


def test_the_public_opens_nothing_to_tokens_and_exists_once() -> None:
    assert the_public() is None
    assert open_to_public(opened=True, actor=PLATFORM)
    assert not open_to_public(opened=True, actor=PLATFORM)
    public = the_public()
    assert public is not None
    token = create_token(institution=public, name="x", scopes=[Scope.FEEDS_READ], made_by=None, actor=PLATFORM)
    assert read(token.secret)[0] == 401
    assert viewer_of_public(public).ceiling == Marking(TLP.CLEAR, PAP.RED)
    assert open_to_public(opened=False, actor=PLATFORM)
    assert the_public() is None
    public.refresh_from_db()
    with pytest.raises(PermissionError):
        viewer_of_public(public)
    with pytest.raises(PermissionError):
        viewer_of_public(make_institution())
    assert Event.objects.filter(action="community.public_feed").count() == 2


def test_only_an_administrator_sees_partners() -> None:
    client = Client()
    client.force_login(make_member(role=Role.MANAGER))
    for path in ("/community/partners", "/community/partners/switches"):
        assert client.post(path, {"what": "public_feed", "on": "1"}).status_code == 404
    assert client.get("/community/partners").status_code == 404
    assert the_public() is None


def pressed(partner: Institution, token: Token, *, overlap: str = "3") -> Any:
    """The answer to the button of an administrator."""
    client = Client()
    client.force_login(make_member(administrator=True))
    path = f"/community/partners/{partner.public_id}/tokens/{token.public_id}/rotate"
    return client.post(path, {"overlap": overlap})


def test_a_token_of_a_partner_is_rotated_with_an_overlap_on_its_page(partner: Institution) -> None:
    old = make_token(partner, tlp_ceiling=TLP.CLEAR)
    publish()
    held = Token.objects.get(digest=digest_of(old))
    answer = pressed(partner, held)
    new = answer.context["made"].secret
    assert new in answer.content.decode()
    assert answer["Cache-Control"].count("no-store") == 1
    successor = Token.objects.get(digest=digest_of(new))
    assert (successor.institution, successor.scopes, successor.tlp_ceiling) == (partner, held.scopes, TLP.CLEAR)
    assert [read(secret)[0] for secret in (old, new)] == [200, 200]
    with time_machine.travel(clock.now() + 4 * DAY, tick=False):
        assert [read(secret)[0] for secret in (old, new)] == [401, 200]
    page = pressed(partner, held)
    assert page["Location"] == f"/community/partners/{partner.public_id}"  # it has a successor already


def test_what_is_not_the_partners_or_opens_nothing_is_not_rotated(partner: Institution) -> None:
    held = Token.objects.get(digest=digest_of(make_token(partner)))
    other = Token.objects.get(digest=digest_of(make_token(make_institution())))
    assert pressed(partner, other).status_code == 404
    assert pressed(partner, held, overlap="30").status_code == 302
    end_agreement(partner, actor=PLATFORM)
    assert pressed(partner, held).status_code == 404
    assert not Event.objects.filter(action="token.rotated").exists()


def test_what_is_addressed_to_a_partner_is_unknown_to_whatever_it_asks(partner: Institution) -> None:
    """Look-up and a value's own answer read statements, not views: the rule itself must end at the community."""
    headers = {"Authorization": make_token(partner)}
    addressed = contribute(make_institution(), "45.7.1.3", tlp=TLP.CLEAR, audience="recipients", recipients=[partner])
    told = contribute(make_institution(), "45.7.1.4", tlp=TLP.CLEAR)
    publish()
    paths = [f"/api/v1/indicators/{said.indicator.public_id}" for said in (addressed, told)]
    assert [Client().get(path, headers=headers).status_code for path in paths] == [404, 200]
    answer = Client().post(
        "/api/v1/lookup", {"values": ["45.7.1.3", "45.7.1.4"]}, content_type="application/json", headers=headers
    )
    assert [found["known"] for found in answer.json()["results"]] == [False, True]
