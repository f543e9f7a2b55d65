"""From one unit of a page to submissions: the readers of files read it, and what they refuse as a whole is told.

A bundle with one object that cannot be read must not keep the others out: that one is left out, by its place where
the reader names it, else by halves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from ingestion.readers.files import file_readers
from ingestion.submissions import pressure
from ingestion.submissions.choices import QUERY
from ingestion.submissions.drafts import InvalidRequest, Sending
from ingestion.submissions.filing import announced
from ingestion.submissions.models import Submission
from ingestion.submissions.parts import drafts_of
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.receiving import HEAD, Long, of_file
from ingestion.submissions.services import submit
from ingestion.subscriptions.asking import PullError
from ingestion.subscriptions.paging import Unit
from ingestion.subscriptions.retiring import taken_back
from ingestion.subscriptions.terms import Floored, Terms
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.api.spool import Body
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of

_PLACE = re.compile(r"/objects/(\d{1,6})(?:/|$)", re.ASCII)
_AROUND = frozenset({"marking-definition", "identity", "extension-definition"})


@dataclass(slots=True)
class Account:
    """What became of what was fetched."""

    received: int = 0
    accepted: int = 0
    refreshed: int = 0
    refused: int = 0
    queued: int = 0
    unread: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    submissions: list[UUID] = field(default_factory=list)
    said: set[bytes] = field(default_factory=set)
    """Digests of the values that were shared."""
    ended: set[bytes] = field(default_factory=set)
    """Digests of the values that a bundle takes back, and does not share in another object."""

    def refuse(self, code: str) -> None:
        """One unit, or one object, that could not be read."""
        self.unread += 1
        self.reasons[code] += 1


@dataclass(frozen=True, slots=True)
class Taker:
    """Who shares it, under which name, on which terms."""

    viewer: Viewer
    name: str
    terms: Terms

    def take(self, unit: Unit, account: Account) -> None:
        """Share what it holds, within the caller's transaction. Raises PullError, ComeBackLater."""
        if unit.reader == "stix":
            objects = list(unit.document["objects"])
            self._bundle(unit.document, objects, account)
            account.ended = self._ended(unit.document, objects) - account.said
            return
        if (refusal := self._tried(unit.reader, unit.document, account)) is not None:
            account.refuse(refusal.code)

    def _bundle(self, around: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], account: Account) -> None:
        refusal = self._tried("stix", {**around, "objects": objects}, account)
        told = [index for index, each in enumerate(objects) if each.get("type") not in _AROUND]
        if refusal is None:
            return
        if len(told) <= 1:
            account.refuse(refusal.code)
            return
        place = _PLACE.match(refusal.where)
        if place is not None and int(place[1]) in told:
            account.refuse(refusal.code)
            self._bundle(around, [each for index, each in enumerate(objects) if index != int(place[1])], account)
            return
        middle = told[len(told) // 2]
        for half in (set(told[: len(told) // 2]), {each for each in told if each >= middle}):
            kept = [each for index, each in enumerate(objects) if index in half or index not in told]
            self._bundle(around, kept, account)

    def _ended(self, around: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]) -> set[bytes]:
        """One by one: what can be read of one is found, whatever cannot be of another."""
        beside = [each for each in objects if each.get("type") in _AROUND]
        ended: set[bytes] = set()
        for each in taken_back(objects, clock.now()):
            try:
                ended |= self._digests(self._read("stix", {**around, "objects": [each, *beside]}))
            except (InvalidRequest, Problem, Refusal):
                continue  # of a value that cannot be read nothing was shared
        return ended

    def _digests(self, sent: Sending | Long) -> set[bytes]:
        drafts = sent.drafts if isinstance(sent, Sending) else drafts_of(sent.entries, first=0, choices=sent.choices)
        return {digest_of(each.type, each.canonical.value) for each in drafts if each.canonical is not None}

    def _tried(self, reader: str, document: Mapping[str, Any], account: Account) -> Refusal | None:
        """Why it is refused as a whole, if it is; then nothing of it is stored."""
        try:
            with transaction.atomic():
                self._shared(reader, document, account)
        except pressure.ComeBackLater:
            raise
        except InvalidRequest as invalid:
            return _about_the_document(invalid.faults[0])
        except Problem as problem:
            return _about_the_document(Refusal(problem.code, str(problem.detail), where=problem.where))
        except Refusal as refusal:
            return _about_the_document(refusal)
        return None

    def _shared(self, reader: str, document: Mapping[str, Any], account: Account) -> None:
        sent = self._read(reader, document)
        account.said |= self._digests(self._read(reader, document) if isinstance(sent, Long) else sent)
        if isinstance(sent, Long):
            long = enqueue(sent, viewer=self.viewer, channel=Submission.Channel.SUBSCRIPTION)
            account.queued += long.expected or 0
            account.submissions.append(long.public_id)
            return
        if not sent.drafts:
            return
        pressure.check_rate(self.viewer, len(sent.drafts))
        outcome = submit(sent, viewer=self.viewer, channel=Submission.Channel.SUBSCRIPTION)
        for name, count in outcome.counts.items():
            setattr(account, name, getattr(account, name) + count)
        account.reasons.update(item.refusal.code for item in outcome.items if item.refusal is not None)
        if outcome.public_id is not None:
            account.submissions.append(outcome.public_id)

    def _read(self, reader: str, document: Mapping[str, Any]) -> Sending | Long:
        data = orjson.dumps(document)
        body = Body(announced(reader, data[:HEAD])[0], "", len(data), b"", BytesIO(data))
        terms = self.terms
        return of_file(
            Floored(file_readers[reader], terms), body, terms.choices, terms.given, sender=lambda: self.name,
            origin=terms.origin,
        )  # fmt: skip


def _about_the_document(refusal: Refusal) -> Refusal:
    """Raises PullError when it is about the terms: then every other document would be refused, too."""
    if refusal.where.startswith(QUERY):
        raise PullError("terms_refused", stops=True) from refusal
    return refusal
