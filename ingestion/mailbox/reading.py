"""What a forwarded mail holds, as submissions: one for each attached mail or file, else one for the text."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from ingestion.readers.base import Candidate
from ingestion.readers.files import FileContext, FileReader, Opened, Source, Tale, Told
from ingestion.readers.forwarding import Attached, Forwarding, forwarding_of
from ingestion.readers.labels import Labels
from ingestion.readers.offers import OFFERED, Offer, offers
from ingestion.submissions.choices import QUERY, Choices, read_choices
from ingestion.submissions.drafts import Sending
from ingestion.submissions.filing import announced, guessed
from ingestion.submissions.receiving import HEAD, Long, of_file, received
from iocmarket.api.spool import Body
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import DEFAULT, TLP

_MAILS = frozenset({"eml", "msg"})
"""The readers of mails that were attached."""
_PROSE = frozenset({"text", "json"})
"""What an attachment is when nothing says more: a disclaimer, a picture, a key; no list of indicators."""


@dataclass(frozen=True, slots=True)
class Part:
    """One submission. `name` is what its sender calls it; `read` raises Refusal, Problem or InvalidRequest."""

    name: str
    read: Callable[[], Sending | Long]


class _Inline(FileReader):
    """The text of a forwarding mail: not registered, since nothing else comes in this form."""

    name = "forwarded-text"
    size_max = 2**24

    def __init__(self, forwarding: Forwarding) -> None:
        self._forwarding = forwarding

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Its surest values, each once: a mail says the same thing in its text and in its links."""
        del source
        found: dict[tuple[str, str], Offer] = {}
        for offer in offers(self._forwarding.text):
            if offer.confidence >= OFFERED:
                found.setdefault((offer.type, offer.canonical.value), offer)
        items = [
            Told(Candidate(offer.line, offer.raw, offer.type, offer.canonical), _stricter(offer.labels, context))
            for offer in found.values()
        ]
        places = {offer.line for offer in found.values()}
        lines = enumerate(self._forwarding.text.splitlines(), start=1)
        silent = tuple(number for number, line in lines if line.strip() and number not in places)
        title = self._forwarding.title
        return Opened(items, Tale(title=title) if title else None, silent)


def _stricter(labels: Labels, context: FileContext) -> Mapping[str, Any]:
    """What is written in somebody else's mail may keep more back than the sender does, never less."""
    said: dict[str, Any] = {}
    if labels.tlp is not None and context.default.tlp < labels.tlp < TLP.RED:
        said["tlp"] = labels.tlp.label
    if labels.pap is not None and labels.pap > context.default.pap:
        said["pap"] = labels.pap.label
    return said


def parts_of(forwarding: Forwarding, *, sender: str) -> list[Part]:
    """The submissions: attached mails, or else the text; and attached files of formats that are read."""
    given = _given(forwarding)
    kinds = [(attached, guessed(attached.name, attached.data[:HEAD])) for attached in forwarding.attached]
    mails = [each for each in kinds if each[1] in _MAILS or each[0].name.lower().endswith(".eml")]
    files = [each for each in kinds if each not in mails and each[1] not in _PROSE]
    found = [Part(each.name, partial(_attached, each, kind, given, sender=sender)) for each, kind in mails + files]
    if mails:
        return found
    return [Part(forwarding.title, partial(_inline, forwarding, given, sender=sender)), *found]


def _given(forwarding: Forwarding) -> dict[str, str]:
    """The defaults: phishing, the person's markings, and from the mail's own words what is stricter than those."""
    own, foreign = forwarding.own, forwarding.foreign
    tlp = DEFAULT.tlp if own.tlp is None else own.tlp
    pap = DEFAULT.pap if own.pap is None else own.pap
    tlp = tlp if foreign.tlp is None else max(tlp, foreign.tlp)
    pap = pap if foreign.pap is None else max(pap, foreign.pap)
    given = {"threat_type": ThreatType.PHISHING.value, "tlp": tlp.label, "pap": pap.label}
    # For persons: a mail names none, so that it is its sender's alone.
    return {**given, "audience": "own"} if tlp is TLP.RED else given


def _attached(attached: Attached, kind: str, given: Mapping[str, str], *, sender: str) -> Sending | Long:
    """A mail, or a file of a format that is read. Raises Refusal, Problem or InvalidRequest."""
    if kind in _PROSE:
        return _inline(forwarding_of(attached.data), given, sender=sender)
    media_type, said = announced(kind, attached.data[:HEAD])
    digest = hashlib.sha256(attached.data).digest()
    body = Body(media_type, "", len(attached.data), digest, io.BytesIO(attached.data))
    return received(body, {**given, **said}, sender=lambda: sender)


def _inline(forwarding: Forwarding, given: Mapping[str, str], *, sender: str) -> Sending | Long:
    nothing: IO[bytes] = io.BytesIO()
    body = Body("text/plain", "", 0, hashlib.sha256().digest(), nothing)
    return of_file(_Inline(forwarding), body, _choices(given), given, sender=lambda: sender)


def _choices(given: Mapping[str, str]) -> Choices:
    return read_choices(given, base=Choices(), where=QUERY, own=False)
