"""A small community with something of everything, so that no page that is looked at is empty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from ingestion.enrichment.models import Enrichment
from ingestion.evidence import custody, storing
from ingestion.evidence.models import Archive, ArtefactState, Case, Finding, Guest, Hit, PlatformKey
from ingestion.evidence.writing import Files
from ingestion.stolen.models import StolenAccount
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
from ingestion.subscriptions.models import Subscription, Turn
from iocmarket.accounts import invitations
from iocmarket.accounts.assets import approve_asset, declare_asset, refuse_asset
from iocmarket.accounts.circle_invitations import invite
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.feed_keys import switch
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.accounts.partners import make_partner
from iocmarket.accounts.roles import Role
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import actor_of
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import accept_invitation
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.listed.services import add_exemption, add_list, choose_severity
from iocmarket.vetting.vouching import vouch
from sharing.feeds.policies import set_policy
from sharing.feeds.policy import Policy
from sharing.profiles.services import create_profile
from sharing.push.models import Delivery, Hook
from sharing.transfer.services import create as create_transfer
from sharing.transfer.services import rotate
from tests.factories import contribute, make_applicant, make_institution, make_member, make_token, publish

PASTED = """185.220.101[.]45
185.220.101.45
10.20.30.40
198.51.100.7/33
d41d8cd98f00b204e9800998ecf8427
noreply@facture-scolarite.top"""


@dataclass(frozen=True, slots=True)
class Village:
    """Two institutions and their people; `value` is said by both, `own` by Valbrune alone, `over` has expired."""

    valbrune: Institution
    meriane: Institution
    manager: Member
    reader: Member
    applicant: Member
    value: Contribution
    own: Contribution
    over: Contribution
    submission: UUID
    circle: Circle
    subscription: Subscription
    webhook: Hook
    case: Case
    invitation: str
    """The link in the letter to somebody whom Valbrune invites."""
    partner: Institution

    @property
    def session(self) -> Client:
        """The manager of Valbrune, who is also an administrator of the community."""
        return session_of(self.manager)

    @property
    def paths(self) -> dict[str, str]:
        """Every page of a member, by a name."""
        return {
            "home": "/",
            "search": "/search",
            "search-live": "/search?only=live",
            "search-words": "/search?q=faux+CAS",
            "search-network": "/search?q=185.220.100.0/24",
            "search-unknown": "/search?q=jamais-vu.top",
            "search-nothing": "/search?q=zzzzzz",
            "value": f"/i/{self.value.indicator.public_id}",
            "value-own": f"/i/{self.own.indicator.public_id}",
            "value-expired": f"/i/{self.over.indicator.public_id}",
            "share": "/share",
            "shared": f"/share/{self.submission}",
            "withdraw-submission": f"/share/{self.submission}/withdraw",
            "withdraw": f"/contributions/{self.value.public_id}/withdraw",
            "tokens": "/account/tokens",
            "token-mail": "/account/tokens/mail",
            "subscriptions": "/subscriptions",
            "transfers": "/transfers",
            "subscription": f"/subscriptions/{self.subscription.public_id}",
            "evidence": "/evidence",
            "evidence-case": f"/evidence/{self.case.public_id}",
            "evidence-records": f"/evidence/{self.case.public_id}/records",
            "evidence-nothing": f"/evidence/{self.case.public_id}/records?q=jamais-vu",
            "evidence-propose": f"/evidence/{self.case.public_id}/propose",
            "evidence-keys": "/evidence/keys",
            "webhooks": "/webhooks",
            "webhook": f"/webhooks/{self.webhook.public_id}",
            "applications": "/members/applications",
            "journal": "/journal",
            "connections": "/account/connections",
            "members": "/members",
            "confirmation": "/members/confirmation",
            "departure": "/members/departure",
            "erasure": "/members/erasure",
            "institution-erase": f"/members/institutions/{self.meriane.public_id}/erase",
            "institution": f"/members/institutions/{self.meriane.public_id}",
            "circles": "/circles",
            "circle": f"/circles/{self.circle.public_id}",
            "assets": "/assets",
            "assets-queue": "/assets/queue",
            "stolen-accounts": "/stolen-accounts",
            "own data": "/account/data",
            "candidates": "/members/candidates",
            "vetting-rules": "/members/applications/rules",
            "charter-publish": "/members/charter",
            "charter": "/charter",
            "review": "/community/submissions",
            "warning-lists": "/community/warning-lists",
            "partners": "/community/partners",
            "partner": f"/community/partners/{self.partner.public_id}",
            "tools": "/tools",
            "tool-new": "/tools/new?tool=BIND&format=rpz",
            "tool": "/tools/feeds/resolveurs",
            "tool-empty": "/tools/feeds/siem",
            "tools-policy": "/tools/policy",
            "help": "/help",
            "accessibility": "/accessibility",
            "status": "/status",
            "api": "/api/docs",
            "account": "/account",
            "second-factor": "/account/second-factor",
            "password": "/accounts/password/change/",
            "app": "/accounts/2fa/totp/activate/",
            "passkey": "/accounts/2fa/webauthn/add/",
            "is-it-you": "/accounts/reauthenticate/",
        }


def session_of(member: Member) -> Client:
    """A log-in without the form."""
    client = Client()
    client.force_login(member)
    return client


def settle() -> Village:
    """Build it and publish it."""
    valbrune = make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    meriane = make_institution("INP Mériane")
    manager = make_member(
        valbrune, role=Role.MANAGER, administrator=True, name="Claire Aubrac", email="claire@univ-valbrune.fr"
    )
    reader = make_member(valbrune, role=Role.READER, name="Odile Marchetti", email="odile@univ-valbrune.fr")
    applicant = _candidate(manager, make_member(meriane, name="Inès Bouvard", email="ines@inp-meriane.fr"))
    make_token(valbrune)
    switch(on=True, actor=PLATFORM)
    make_token(valbrune, name="pare-feu", feed="text", networks=["192.0.2.0/24", "2001:db8::/32"])
    partner = make_partner(
        name="CERT national", agreement="Convention du 3 mars 2026, gardée au secrétariat.",
        until=timezone.now() + timedelta(days=200), contact_email="cert@example.org", actor=PLATFORM,
    )  # fmt: skip
    make_token(partner)
    _lists(manager)
    value = _campaign(valbrune, meriane)
    own = contribute(valbrune, "https://cas-valbrune-connexion.top/login", type_name="url", audience="own", pap=PAP.RED)
    past = timezone.now() - timedelta(days=40)
    over = contribute(meriane, "45.9.20.0/24", type_name="cidr", seen=past, valid_until=past + timedelta(days=5))
    contribute(meriane, "secure-cas-login.top", type_name="domain", anonymous=True, subtree=True, tlp=TLP.GREEN)
    contribute(
        meriane, "9e107d9d372bb6826bd81d3542a419d6", type_name="md5", audience="recipients", recipients=[valbrune]
    )
    sending = from_text(PASTED, choices=Choices(threat_type="phishing"))
    made = submit(sending, viewer=viewer_of_member(manager), channel=Submission.Channel.WEB)
    circle = _circles_and_assets(valbrune, meriane)
    publish()
    _feeds(valbrune)
    assert made.public_id is not None
    _transfers(valbrune)
    return Village(
        valbrune,
        meriane,
        manager,
        reader,
        applicant,
        value,
        own,
        over,
        made.public_id,
        circle,
        _subscription(valbrune),
        _web_hook(valbrune),
        _case(valbrune, manager, make_member(meriane, name="Inès Aubry", email="ines@meriane.fr")),
        _invited(valbrune, manager),
        partner,
    )


def _feeds(institution: Institution) -> None:
    """Two saved feeds, of which one was read, and a policy."""
    options = {"action": "nodata", "type": "domain", "age": "45d"}
    create_profile(
        institution, name="resolveurs", format="rpz", options=options, tool="BIND", actor=PLATFORM,
        note="Les deux serveurs de noms du campus",
    )  # fmt: skip
    create_profile(institution, name="siem", format="csv", actor=PLATFORM)
    token = make_token(institution, name="ns1")
    Client().get("/feeds/p/resolveurs.zone", headers={"Authorization": token})
    rules = {"matrix": {"scan": {"ipv4": "detect"}, "spam": {"url": "ignore"}}, "cap": 50000, "tags": ["bruit"]}
    set_policy(institution, Policy.read(rules), actor=PLATFORM)


def _lists(manager: Member) -> None:
    """A list of the community's own, a choice and an exception."""
    actor = actor_of(manager)
    add_list(BytesIO(b"intranet-lumen.fr\n"), label="Partenaires du réseau", severity="confirm", actor=actor)
    choose_severity("mail-providers", "confirm", actor=actor)
    add_exemption("gmx.net", name="mail-providers", reason="Campagne du 3 mars, vu avec le prestataire", actor=actor)


def _subscription(valbrune: Institution) -> Subscription:
    """One that goes on, with turns that ended well and badly, and one that stands still."""
    Subscription.objects.create(
        institution=valbrune, name="TAXII du CERT", kind="taxii", url="https://taxii.example.org/c/1/", state="stopped",
        error="credential_refused",
    )  # fmt: skip
    made = Subscription.objects.create(
        institution=valbrune, name="MISP de la région", kind="misp", url="https://misp.example.org/"
    )
    now = clock.now()
    Turn.objects.create(
        subscription=made, ended_at=now, received=3, accepted=1, refreshed=1, refused=1, queued=700, unread=1,
        reasons={"red_names_persons": 1, "not_an_event": 1}, submissions=[made.public_id],
    )  # fmt: skip
    Turn.objects.create(subscription=made, ended_at=now, error="net_unreachable")
    Turn.objects.create(subscription=made)
    return made


def _transfers(valbrune: Institution) -> None:
    """Two name servers, one of them in the middle of a change of keys."""
    create_transfer(valbrune, name="Résolveurs du campus", notify=["9.9.9.53"], actor=PLATFORM)
    changing = create_transfer(
        valbrune, name="Résolveur de l’internat", action="walled-garden", target="puits.valbrune.fr", actor=PLATFORM
    )
    rotate(changing.key.transfer, overlap=timedelta(days=7), actor=PLATFORM)


def _web_hook(valbrune: Institution) -> Hook:
    """One with deliveries of every end, and an index that stands still."""
    Hook.objects.create(
        institution=valbrune, name="SIEM de la région", kind="bulk", auth="basic", state="stopped",
        url="https://elastic.example.org:9200/iocmarket/_bulk", error="credential_refused",
    )  # fmt: skip
    made = Hook.objects.create(
        institution=valbrune, name="SOAR du CSIRT", kind="webhook", url="https://soar.example.org/hook",
        error="target_fails", operated_by="self", types=["ipv4"],
    )  # fmt: skip
    now = clock.now()
    Delivery.objects.create(
        hook=made, state="delivered", ended_at=now, added=3, changed=1, removed=1, attempts=1, status=200, refused=2,
        refusals={"mapper_parsing_exception": 2},
    )  # fmt: skip
    Delivery.objects.create(hook=made, state="dead", ended_at=now, attempts=12, status=400, error="target_refuses")
    Delivery.objects.create(hook=made, attempts=2, error="target_fails", next_at=now, added=1)
    return made


def _circles_and_assets(valbrune: Institution, meriane: Institution) -> Circle:
    """A circle of both with a question that waits, an invitation to Valbrune, and assets in every state."""
    circle = create_circle(name="Veille du Nord", founder=valbrune, actor=PLATFORM)
    accept_invitation(invite(circle, meriane, institution=valbrune, actor=PLATFORM), actor=PLATFORM)
    lumen = make_institution("Institut de Lumen")
    invite(circle, lumen, institution=valbrune, actor=PLATFORM)
    make_institution("Observatoire de Sorel")
    other = create_circle(name="Messagerie", founder=meriane, actor=PLATFORM)
    invite(other, valbrune, institution=meriane, actor=PLATFORM)
    contribute(valbrune, audience="circle", circle=circle)
    declare_asset(valbrune, kind="mail-domain", value="etu.univ-valbrune.fr", actor=PLATFORM)
    network = declare_asset(valbrune, kind="network", value="193.48.1.0/24", actor=PLATFORM)
    approve_asset(network, actor=PLATFORM)
    StolenAccount.objects.create(
        institution=valbrune, account="paul@etu.univ-valbrune.fr", service="ent.univ-valbrune.fr",
        stolen_on=date(2026, 9, 1),
    )  # fmt: skip
    declare_asset(lumen, kind="network", value="193.48.0.0/16", actor=PLATFORM)
    asn = declare_asset(valbrune, kind="asn", value="AS2200", actor=PLATFORM)
    refuse_asset(asn, reason="Le registre du RIPE nomme un autre établissement.", actor=PLATFORM)
    return circle


def _case(valbrune: Institution, manager: Member, guest: Member) -> Case:
    """A case with an archive in each state, read by a guest, with its chain of custody, and the keys."""
    PlatformKey.objects.create(
        fingerprint="0" * 64, age_recipient="age1" + "q" * 58,
        certificate="-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----",
    )  # fmt: skip
    case = Case.objects.create(institution=valbrune, member=manager, title="Rançongiciel en faculté de droit")
    Guest.objects.create(case=case, member=guest)
    for state in Archive.State.values:
        made = Archive.objects.create(
            case=case, filename="DFIR-ORC_WorkStation_PC-LABO-12.7z.p7b", size=1_093_489, arrival=uuid4(),
            sha256="ab" * 32, state=state, failure="piece_lost" if state == "failed" else "", host="PC-LABO-12",
        )  # fmt: skip
        ArtefactState.objects.create(
            archive=made, number=0, path="Windows/System32/config/SYSTEM", parser="registry", state="parsed",
            records=30_759, errors=[{"where": "cellule 7", "what": "illisible"}], error_count=1,
        )  # fmt: skip
        if state == Archive.State.DONE:
            _records(made)
            _found(made, manager)
        with transaction.atomic():
            custody.note("received", case, actor=actor_of(manager), archive=made)
            custody.note("shredded", case, actor=PLATFORM, archive=made)
    return case


def _invited(institution: Institution, manager: Member) -> str:
    """The path of an invitation's link, whose letter is not sent."""
    with mock.patch.object(invitations, "send_mail_later") as letter:
        invitations.invite(institution, email="nadia@univ-valbrune.fr", role=Role.READER, by=manager)
    link: str = letter.call_args.args[2]["link"]
    return link.removeprefix(settings.PUBLIC_URL)


def _candidate(*vouchers: Member) -> Member:
    """Somebody who brings a new institution, with the vouches that it needs."""
    application = make_applicant(
        "École de Lumen",
        name="Léo Serre",
        email="leo@lumen.fr",
        why="Responsable sécurité",
        domains=["lumen.fr"],
        networks=["193.52.0.0/16"],
        contact_email="ssi@lumen.fr",
    )
    for member in vouchers:
        vouch(application, words="Nous travaillons ensemble depuis trois ans.", by=member)
    return Member.objects.get(pk=application.member_id)


def _campaign(valbrune: Institution, meriane: Institution) -> Contribution:
    """An address that both know, with its neighbour, its report and its country."""
    said: dict[str, Any] = {
        "threat_type": "phishing",
        "comment": "faux CAS, copié de la page du matin",
        "tags": ["attack:T1566.002"],
    }
    week, day = timezone.now() - timedelta(days=7), timezone.now() - timedelta(days=1)
    report = Report.objects.create(institution=valbrune, title="Vague de novembre")
    value = contribute(
        valbrune, "185.220.100.240", seen=week, created_at=week, refreshed_at=day, report=report, confidence=80, **said
    )
    contribute(meriane, "185.220.100.240", created_at=day, refreshed_at=day, threat_type="scan", comment="vu ici aussi")
    contribute(meriane, "185.220.100.250", valid_until=timezone.now() + timedelta(hours=20))
    contribute(valbrune, "185.220.100.250", valid_until=timezone.now() + timedelta(hours=20))
    Enrichment.objects.create(
        indicator=value.indicator,
        enricher="ip-context",
        data={"country": "DE", "asn": 60729, "as_name": "Exemple", "range": "185.220.100.0/23"},
        dataset_version="test",
    )
    return value


def _records(archive: Archive) -> None:
    """What processing would have made of it: an event and a file, whose command line has no place to break."""
    folder = storing.results_folder(archive) / archive.host / str(archive.public_id)
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder)
    command = "powershell -enc " + "SQBFAFgA" * 30
    for number, (dataset, at) in enumerate(
        (("windows.evtx", "2026-11-03T07:12:00.000000Z"), ("file.suspicious", None))
    ):
        files.record(
            {
                "@timestamp": at, "timestamp_desc": "event logged" if at else None, "event.id": f"{number:032x}",
                "event.dataset": dataset, "event.ingested": "2026-11-03T10:00:00.000000Z",
                "process.command_line": command, "winlog.channel": "Security", "winlog.event_id": 4624,
                "winlog.logon.type": "10", "user.name": "svc" * 20,
                "source.ip": "2001:db8:1111:2222:3333:4444:5555:6666",
                "iocmarket.artifact_path": "Windows/System32/winevt/Logs/Security.evtx",
                "iocmarket.offset_or_record": str(number), "message": f"4688 {command}",
            }
        )  # fmt: skip
    counts = files.finish()
    (folder / "manifest.json").write_text(json.dumps({"datasets": counts, "records": sum(counts.values())}))


def _found(archive: Archive, reader: Member) -> None:
    """An indicator that its records hold, met later, and something that comes back by itself; both with long names."""
    path = "Module_Output/LiveResponse/" + "netstat" * 12 + ".csv"
    place = {
        "dataset": "live.network", "id": "0" * 32, "at": "2026-11-03T07:12:00.000000Z", "field": "destination.ip",
        "path": path, "record": "6",
    }  # fmt: skip
    known = Indicator.objects.visible_to(viewer_of_member(reader)).earliest("pk")
    Hit.objects.create(
        archive=archive, indicator=known, count=3, first_at=timezone.now(), last_at=timezone.now(), late=True,
        keys=[["address", "185.220.100.240"]], places=[place],
    )  # fmt: skip
    Finding.objects.create(
        public_id=uuid4(), archive=archive, category="tasks", technique="T1053.005", location="\\MajQuotidienne" * 9,
        command="C:\\Users\\Public\\" + "odupd" * 30 + ".exe", score=70,
    )  # fmt: skip
