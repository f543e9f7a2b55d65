"""Creates the demonstration community through the services that a real one uses, in one transaction."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from ingestion.demonstration.candidate import CANDIDATE, VOUCH
from ingestion.demonstration.keepsake import Keepsake, Login, MachineKey
from ingestion.demonstration.story import Dispatch, Statement, tell
from ingestion.submissions.drafts import from_document
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.secrets import ALPHABET
from iocmarket.accounts.services import create_institution, create_member, create_token
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.services import PLATFORM
from iocmarket.publication.publisher import run_until_idle
from iocmarket.vetting.applying import address_confirmed, apply
from iocmarket.vetting.charters import accept_charter, publish_charter
from iocmarket.vetting.draft import DRAFT_EN, DRAFT_FR
from iocmarket.vetting.models import Application
from iocmarket.vetting.vouching import vouch

PASSWORD_LENGTH = 16
# What each institution's demonstration token may do: everything that the printed lines try.
SCOPES = (Scope.INDICATORS_READ, Scope.INDICATORS_WRITE, Scope.FEEDS_READ)


@transaction.atomic
def load(now: datetime) -> Keepsake:
    """Create everything; returns the log-ins and tokens, which exist nowhere else in clear text.

    Raises RuntimeError when a value of the story is refused: the story is then wrong, and nothing is kept.
    """
    story = tell(now)
    houses = {
        house.key: create_institution(name=house.name, domains=[house.domain], approved=True, actor=PLATFORM)
        for house in story.houses
    }
    application = _applied()
    members: dict[str, Member] = {}
    logins = []
    for person in story.people:
        login = Login(email=person.email, password=_password())
        members[person.email] = create_member(
            email=login.email,
            password=login.password,
            institution=houses[person.house],
            role=person.role,
            name=person.name,
            administrator=person.administrator,
            actor=PLATFORM,
        )
        logins.append(login)
    _vet(members, application)
    for dispatch in story.dispatches:
        _send(dispatch, members[dispatch.author])
        run_until_idle()  # as in life: what was said later is published later, and stands first in lists
    keys = tuple(_key(key, institution) for key, institution in houses.items())
    return Keepsake(tuple(logins), keys)


def _applied() -> Application:
    """Done before anybody could be written to: the addresses of the story are invented, and may be somebody's."""
    candidate = Member.objects.create_user(CANDIDATE.email)
    application = apply(candidate, CANDIDATE.told)
    address_confirmed(candidate)
    return application


def _vet(members: dict[str, Member], application: Application) -> None:
    """A charter that everybody has accepted, and somebody who asks to come in, with one vouch of two."""
    publisher = next(member for member in members.values() if member.is_administrator)
    charter = publish_charter(text_fr=DRAFT_FR, text_en=DRAFT_EN, by=publisher)
    for member in members.values():
        accept_charter(member, version=charter.version)
    accept_charter(application.member, version=charter.version)
    vouch(application, words=VOUCH.words, by=members[VOUCH.email])


def document_of(dispatch: Dispatch) -> dict[str, Any]:
    """The dispatch as the body of `POST submissions` (contracts.md, REST API)."""
    document: dict[str, Any] = {"indicators": [_item(statement) for statement in dispatch.statements]}
    if dispatch.report is not None:
        document["defaults"] = {"tlp": dispatch.report.tlp, "pap": dispatch.report.pap}
        document["report"] = {"title": dispatch.report.title, "description": dispatch.report.description}
    return document


def _item(statement: Statement) -> dict[str, Any]:
    item: dict[str, Any] = {
        "value": statement.value,
        "type": statement.type,
        "threat_type": statement.threat_type,
        "tlp": statement.tlp,
        "pap": statement.pap,
        "audience": statement.audience,
        "confidence": statement.confidence,
        "comment": statement.comment,
        "tags": list(statement.tags),
    }
    if statement.recipients:
        item["recipients"] = list(statement.recipients)
    return item


def _send(dispatch: Dispatch, author: Member) -> None:
    outcome = submit(
        from_document(document_of(dispatch)),
        viewer=viewer_of_member(author),
        channel=Submission.Channel.DEMONSTRATION,
        received_at=dispatch.at,
    )
    for item in outcome.items:
        if item.refusal is not None:
            raise RuntimeError(f"the demonstration has a value that is refused: {item.draft.input}: {item.refusal}")


def _key(house: str, institution: Institution) -> MachineKey:
    made = create_token(institution=institution, name="demonstration", scopes=SCOPES, made_by=None, actor=PLATFORM)
    return MachineKey(house=house, secret=made.secret)


def _password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))
