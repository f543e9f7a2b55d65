"""The small community that the matrix and the drawn requests ask about: an object of each kind, by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.usersessions.models import UserSession
from django.test import Client
from pyrage import x25519

from ingestion.evidence.models import Archive, ArtefactState, Case, Finding, Guest, PlatformKey, Upload
from ingestion.stolen.models import StolenAccount
from ingestion.subscriptions.models import Subscription
from iocmarket.accounts import feed_keys
from iocmarket.accounts.assets import declare_asset
from iocmarket.accounts.circle_invitations import invite
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.invitations import invite as invite_person
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.opening import open_to_public
from iocmarket.accounts.partners import make_partner
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Alert, Indicator
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, PAP, PROVIDER, Marking
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.models import Entry, View
from iocmarket.sso import services as sso
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import read_provider
from iocmarket.vetting.deciding import ask
from iocmarket.vetting.models import Application
from sharing.profiles.services import create_profile
from sharing.push.models import Delivery, Hook
from sharing.taxii.depots import depot_of
from sharing.taxii.models import DepotStatus
from sharing.transfer.services import create as create_transfer
from tests.contract.matrix import VIEWERS
from tests.factories import (
    contribute,
    make_applicant,
    make_institution,
    make_member,
    make_token,
    publish,
    report,
    viewer_for,
)
from tests.iocmarket.sso.conftest import oidc_provider


@dataclass
class World:
    """One home institution with everything, another one, and clients of nine sorts."""

    home: Institution
    other: Institution
    third: Institution
    clients: dict[str, Client]
    names: dict[str, str]


def client_of(member: Member) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(member)
    return client


def machine(institution: Institution, **choices: Any) -> Client:
    return Client(
        headers={"Authorization": f"Bearer {make_token(institution, **choices)}"}, raise_request_exception=False
    )


def make_world() -> World:
    """Three institutions that say and do things, and the nine who ask."""
    home, other, third = make_institution("Ici"), make_institution("Ailleurs"), make_institution("Un tiers")
    manager = make_member(home, role=Role.MANAGER)
    application = make_applicant("Ailleurs encore")
    applicant = application.member
    clients = {
        "anonymous": Client(raise_request_exception=False),
        "applicant": client_of(applicant),
        "reader": client_of(make_member(home, role=Role.READER)),
        "contributor": client_of(make_member(home)),
        "manager": client_of(manager),
        "foreign": client_of(make_member(other, role=Role.MANAGER)),
        "administrator": client_of(make_member(home, role=Role.READER, administrator=True)),
        "read_token": machine(home),
        "provider_token": machine(home, operated_by="provider"),
    }
    if tuple(clients) != VIEWERS:
        raise ValueError("the clients are not the viewers of the matrix")
    return World(home, other, third, clients, _names(home, other, third, applicant))


def _names(home: Institution, other: Institution, third: Institution, applicant: Member) -> dict[str, str]:
    until = clock.now() + timedelta(days=30)
    partner = make_partner(name="CERT", agreement="x", until=until, contact_email="", actor=PLATFORM)
    open_to_public(opened=True, actor=PLATFORM)
    feed_keys.switch(on=True, actor=PLATFORM)
    create_profile(home, name="suivi", format="text", actor=PLATFORM)
    create_profile(home, name="dossier", format="misp", actor=PLATFORM)
    said = contribute(third, "45.7.7.7")
    own = contribute(home, "45.7.7.8", audience="own")
    statement = contribute(home, "45.7.7.7")
    publish()
    sighting = report(viewer_for(home, scopes=[Scope.SIGHTINGS_WRITE]), said, "seen")
    publish()
    colleague = make_member(home)
    sender = client_of(colleague)
    session = UserSession.objects.create(user=colleague, ip="192.0.2.1", session_key=sender.session.session_key or "")
    body = json.dumps({"indicators": ["45.7.7.9"]})
    sent = sender.post("/api/v1/submissions", body, content_type="application/json").json()
    views = dict(View.objects.filter(ceiling_tlp=FULL.tlp).values_list("audience", "public_id"))
    return {
        "text": "45.7.7.7",
        "value": str(said.indicator.public_id),
        "hidden": str(own.indicator.public_id),
        "statement": str(statement.public_id),
        "sighting": str(sighting.public_id),
        "submission": str(sent["id"]),
        "token": str(Token.objects.filter(institution=home)[0].public_id),
        "partner": str(partner.public_id),
        "partner_token": str(Token.objects.get(digest=digest_of(make_token(partner))).public_id),
        "feed_key": make_token(home, feed="text"),
        "profile_key": make_token(home, feed="p/suivi"),
        "folder_key": make_token(home, feed="p/dossier"),
        "applicant": str(applicant.public_id),
        "candidate": str(Application.objects.get(member=applicant).public_id),
        **_community(said.indicator, FULL),
        "foreign_inbox": str(views.get(inbox(other.pk), uuid4())),
        "depot": str(depot_of(viewer_for(home)).public_id),
        "person": str(make_member(home).public_id),
        "session": str(session.pk),
        "absent": str(uuid4()),
        "home": str(home.public_id),
        "other": str(other.public_id),
        "third": str(third.public_id),
        **_circles_and_assets(home, third),
        **_people(home, applicant),
        "transfer": str(create_transfer(home, name="campus", actor=PLATFORM).key.transfer.public_id),
        "subscription": str(_subscription(home).public_id),
        **_web_hook(home),
        **_evidence(home),
        **_alert_and_statuses(home, other),
    }


def _people(home: Institution, applicant: Member) -> dict[str, str]:
    """Somebody invited, somebody whom home's log-in provider brought, and a question to the applicant."""
    mailed = invite_person(home, email="invited@ici.example", role=Role.READER, by=make_member(home, role=Role.MANAGER))
    config = read_provider(oidc_provider("ici", "https://idp.ici.example", "ici.example", home.name))
    said = Asserted(
        issuer=config.issuer, subject="sub:ada", scopes=frozenset({"ici.example"}), email="ada@ici.example",
        email_refuted=False, name="Ada", second_factor=False,
    )  # fmt: skip
    account = sso.admit(said, config)
    question = ask(applicant, by=make_member(administrator=True), question="Who is your CISO?")
    return {
        "mailed": str(mailed.public_id),
        "brought": str(account.user.public_id),
        "connection": str(account.pk),
        "question": str(question.public_id),
    }


def _subscription(home: Institution) -> Subscription:
    """To a server that nobody asks: it is paused."""
    return Subscription.objects.create(
        institution=home, name="MISP", kind="misp", url="https://misp.example.org/", state="paused"
    )


def _web_hook(home: Institution) -> dict[str, str]:
    """To a target that nobody asks, with a delivery that was given up."""
    made = Hook.objects.create(
        institution=home, name="SOAR", kind="webhook", url="https://soar.example.org/hook", state="paused"
    )
    given_up = Delivery.objects.create(hook=made, state="dead", error="target_fails", status=500)
    return {"webhook": str(made.public_id), "delivery": str(given_up.public_id)}


def _evidence(home: Institution) -> dict[str, str]:
    """A case with an archive that failed, an upload that has just begun, and a guest."""
    case = Case.objects.create(institution=home, title="Droit")
    archive = Archive.objects.create(
        case=case, filename="PC.zip", size=7, arrival=uuid4(), state="failed", failure="piece_lost"
    )
    done = Archive.objects.create(case=case, filename="PC3.zip", size=7, arrival=uuid4(), state="done")
    ArtefactState.objects.create(
        archive=archive, number=0, path="Windows/System32/config/SYSTEM", state="parsed", parser="registry"
    )
    finding = Finding.objects.create(
        public_id=uuid4(), archive=archive, category="services", technique="T1543.003", location="PSEXESVC", score=70
    )
    upload = Upload.objects.create(case=case, filename="PC2.zip", size=9, expires_at=clock.now() + timedelta(hours=9))
    guest = Guest.objects.create(case=case, member=make_member())
    recipient = str(x25519.Identity.generate().to_public())
    PlatformKey.objects.create(fingerprint="0" * 64, age_recipient=recipient, certificate="-----BEGIN CERTIFICATE-----")
    return {
        "case": str(case.public_id), "archive": str(archive.public_id), "upload": str(upload.public_id),
        "guest": str(guest.public_id), "finding": str(finding.public_id), "archive_done": str(done.public_id),
    }  # fmt: skip


def _alert_and_statuses(home: Institution, other: Institution) -> dict[str, str]:
    """Home asked for care with a value that circulates, and both institutions posted over TAXII."""
    careful = contribute(home, "45.7.7.10", pap=PAP.RED)
    contribute(other, "45.7.7.10")
    note_circulation({careful.indicator_id})
    publish()
    own, foreign = (
        DepotStatus.objects.create(public_id=uuid4(), institution=each, body=b"{}") for each in (home, other)
    )
    return {
        "alert": str(Alert.objects.get(contribution=careful).public_id),
        "status": str(own.public_id),
        "foreign_status": str(foreign.public_id),
    }


def _circles_and_assets(home: Institution, third: Institution) -> dict[str, str]:
    """A circle that home manages, one that it is asked into, and a name that it declares."""
    circle = create_circle(name="Le nôtre", founder=home, actor=PLATFORM)
    join_circle(circle, third, actor=PLATFORM)
    asked = invite(circle, make_institution(), institution=home, actor=PLATFORM)
    away = create_circle(name="Le leur", founder=third, actor=PLATFORM)
    invited = invite(away, home, institution=third, actor=PLATFORM)
    asset = declare_asset(home, kind="domain", value="univ-valbrune.fr", actor=PLATFORM)
    stolen = StolenAccount.objects.create(institution=home, account="paul@univ-valbrune.fr")
    ids = {"circle": circle.public_id, "asked": asked.public_id, "invited": invited.public_id, "asset": asset.public_id}
    ids["stolen"] = stolen.public_id
    return {name: str(each) for name, each in ids.items()}


def _community(indicator: Indicator, ceiling: Marking) -> dict[str, str]:
    """The community's view as an exit with that ceiling reads it: a provider's has ids of its own."""
    entry = Entry.objects.select_related("view").get(
        indicator=indicator, view__audience=COMMUNITY, view__ceiling_tlp=ceiling.tlp, view__ceiling_pap=ceiling.pap
    )
    return {"community": str(entry.view.public_id), "stix": str(entry.stix_id)}


def names_for(viewer: str, world: World) -> dict[str, str]:
    if viewer != "provider_token":
        return world.names
    said = Indicator.unscoped.get(public_id=world.names["value"])
    return world.names | _community(said, PROVIDER)
