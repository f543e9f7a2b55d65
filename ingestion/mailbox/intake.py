"""Taking one mail: who sent it, what it holds, everything stored, the answer on its way. One transaction a mail.

The mail itself is kept nowhere: its recipients must not be, and what was read from it is durable before the mail server
is told so (docs/adr, "A mail is read before it is taken").
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import translation

from ingestion.mailbox.keys import key_behind
from ingestion.mailbox.letters import Result, answer, failed, say_no, shared
from ingestion.mailbox.models import MailKey, TakenMail
from ingestion.mailbox.reading import Part, parts_of
from ingestion.mailbox.signatures import Texts, UnsureError, is_from
from ingestion.readers.forwarding import Forwarding, forwarding_of
from ingestion.submissions import pressure
from ingestion.submissions.drafts import InvalidRequest, Sending
from ingestion.submissions.models import Submission
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.services import submit
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.api.problems import Problem
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.web.throttles import LIMITS

MAX_BYTES = 25 * 1024 * 1024
"""Bytes of the longest mail that is taken."""
log = logging.getLogger(__name__)


class LaterError(Exception):
    """Not now: the mail server keeps the mail and tries again."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The member behind a mail, and how that is known: by a key, or by the signature."""

    member: Member
    key: MailKey | None


def take(data: bytes, secret: str, *, texts: Texts | None = None) -> int:
    """Share what a mail holds; how many submissions that made. `secret` is the key in the address, or nothing.

    Whoever is not known to have sent it gets no answer: a false sender's mail would go to somebody who wrote none.
    Raises LaterError; a mail that is refused is answered where there is somebody to answer, and is over.
    """
    try:
        forwarding = _read(data)
        sender = None if forwarding.automatic else _sender_of(forwarding, data, secret, texts)
        if sender is None:
            log.info("a mail of nobody we know was left alone")
            return 0
    except Refusal as refusal:
        # Of a mail that cannot be read nobody is known to be the sender, unless the address says so.
        key = key_behind(secret) if secret else None
        if key is not None:
            with translation.override(_language(key.member)):
                say_no(key.member, "", refusal)
        log.info("a mail was not taken: %s", refusal.code)
        return 0
    with translation.override(_language(sender.member)):
        try:
            return _taken(forwarding, data, sender)
        except pressure.ComeBackLater as later:
            raise LaterError from later
        except Refusal as refusal:
            say_no(sender.member, forwarding.subject, refusal)
            return 0


def _read(data: bytes) -> Forwarding:
    """Raises Refusal."""
    if len(data) > MAX_BYTES:
        raise Refusal("mail_too_large", f"{len(data)} bytes; a mail has at most {MAX_BYTES}")
    return forwarding_of(data)


def _language(member: Member) -> str:
    """In which the answer is written."""
    return member.language if member.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _sender_of(forwarding: Forwarding, data: bytes, secret: str, texts: Texts | None) -> Sender | None:
    if secret:
        key = key_behind(secret)
        return Sender(key.member, key) if key else None
    if len(forwarding.senders) != 1:
        return None
    known = EmailAddress.objects.select_related("user__institution")
    found = known.filter(email__iexact=forwarding.senders[0], verified=True).first()
    if found is None or not isinstance(found.user, Member):
        return None
    try:
        if is_from(data, forwarding.senders[0], texts=texts):
            return Sender(found.user, None)
    except UnsureError as error:
        raise LaterError from error
    if not LIMITS["mail"].wait(f"mailbox:{found.user.pk}"):
        with translation.override(_language(found.user)):
            say_no(found.user, forwarding.subject, Refusal("mail_unverified", "the mail has no valid signature"))
    return None


def _viewer(member: Member) -> Viewer:
    """Raises Refusal: `mail_reader` (the role, or the institution, may only read)."""
    try:
        viewer = viewer_of_member(member)
    except PermissionError as error:
        raise Refusal("mail_reader", "the sender may share nothing") from error
    bound = member.institution is not None and member.institution.is_bound(clock.now())
    if Scope.INDICATORS_WRITE not in viewer.scopes or not bound:
        raise Refusal("mail_reader", "the sender may share nothing")
    return viewer


def _taken(forwarding: Forwarding, data: bytes, sender: Sender) -> int:
    """Raises Refusal, ComeBackLater, LaterError."""
    viewer = _viewer(sender.member)
    if LIMITS["mailbox"].wait(str(sender.member.pk)):
        raise LaterError
    pressure.check_publication()
    named = sender.member.institution.name if sender.member.institution else ""
    with transaction.atomic():
        _row, first = TakenMail.objects.get_or_create(member=sender.member, digest=_digest_of(forwarding, data))
        if not first:
            return 0
        results = _results(forwarding, viewer, named)
        if sender.key is not None:
            MailKey.objects.filter(pk=sender.key.pk).update(last_used_at=clock.now())
        answer(sender.member, forwarding.subject, results)
    return sum(result.submission is not None for result in results)


def _results(forwarding: Forwarding, viewer: Viewer, named: str) -> list[Result]:
    """What became of each part; at least one."""
    parts = parts_of(forwarding, sender=named)
    found = [result for part in parts if (result := _result(part, viewer, alone=len(parts) == 1)) is not None]
    return found or [failed("", Refusal("mail_nothing", "nothing in the mail could be read"))]


def _result(part: Part, viewer: Viewer, *, alone: bool) -> Result | None:
    """None for a text without anything in it beside files that have something. Raises ComeBackLater."""
    try:
        with transaction.atomic():  # what one of several attachments is refused for, the others are not
            return _submitted(part, viewer, alone=alone)
    except pressure.ComeBackLater:
        raise
    except InvalidRequest as invalid:
        return failed(part.name, invalid.faults[0])
    except Problem as problem:
        return failed(part.name, Refusal(problem.code, str(problem.detail), where=problem.where))
    except Refusal as refusal:
        return failed(part.name, refusal)


def _submitted(part: Part, viewer: Viewer, *, alone: bool) -> Result | None:
    sent = part.read()
    if not isinstance(sent, Sending):
        long = enqueue(sent, viewer=viewer, channel=Submission.Channel.MAIL)
        return Result(name=part.name, submission=long.public_id)
    if sent.drafts:
        pressure.check_rate(viewer, len(sent.drafts))
        return shared(part.name, submit(sent, viewer=viewer, channel=Submission.Channel.MAIL), sent)
    return failed(part.name, Refusal("mail_nothing", "nothing in the mail could be read")) if alone else None


def _digest_of(forwarding: Forwarding, data: bytes) -> bytes:
    return hashlib.sha256(forwarding.message_id.encode() or data).digest()
