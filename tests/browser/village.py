"""A small community with something of everything, so that no page that is looked at is empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from unittest import mock
from uuid import UUID

from django.conf import settings
from django.test import Client
from django.utils import timezone

from ingestion.enrichment.models import Enrichment
from ingestion.stolen.models import StolenAccount
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
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
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.listed.services import add_exemption, add_list, choose_severity
from iocmarket.vetting.vouching import vouch
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
    assert made.public_id is not None
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
        _invited(valbrune, manager),
        partner,
    )


def _lists(manager: Member) -> None:
    """A list of the community's own, a choice and an exception."""
    actor = actor_of(manager)
    add_list(BytesIO(b"intranet-lumen.fr\n"), label="Partenaires du réseau", severity="confirm", actor=actor)
    choose_severity("mail-providers", "confirm", actor=actor)
    add_exemption("gmx.net", name="mail-providers", reason="Campagne du 3 mars, vu avec le prestataire", actor=actor)


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
