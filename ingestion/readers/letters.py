"""A mail as its indicators and a report of it, whatever file it came in; its recipients stay outside. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext, ngettext

from ingestion.readers.files import FileContext, Opened, Tale
from ingestion.readers.gathering import Gathering
from ingestion.readers.hops import first_outside
from ingestion.readers.mime import VALUE_MAX, Field
from ingestion.readers.offers import DOUBTFUL
from ingestion.readers.recipients import ADDRESSES_MAX, Recipients
from ingestion.readers.telling import TITLE_MAX, plain
from iocmarket.indicators.types.suffixes import suffix_list
from iocmarket.indicators.warninglists.mail_providers import of_a_provider
from iocmarket.kernel.decision import Refusal

ERASED = "[…]"
TO = frozenset({
    "to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc", "delivered-to", "x-delivered-to", "envelope-to",
    "x-envelope-to", "x-original-to", "original-recipient", "final-recipient", "x-original-recipient", "x-rcpt-to",
    "x-forwarded-to", "x-forwarded-for", "apparently-to", "x-apparently-to", "x-to", "x-received-for", "x-recipient",
    "x-failed-recipients", "x-mailer-recipient", "x-hmxmroriginalrecipient", "x-mozilla-original-to",
})  # fmt: skip
"""Headers that name whom a mail was for."""
_ANGLE = re.compile(r"<([^<>\s]{3,320})>")
_BARE = re.compile(r"[^\s<>,;:\"'()\[\]]{1,64}@[^\s<>,;:\"'()\[\]]{1,255}")
_RECEIVER = re.compile(r"\bby\s+([^\s;()]+)")
_DOTTED = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_OFFICE = re.compile(
    r"(?<!\w)(?:service|support|assistance|helpdesk|help desk|informatique|dsi|administrat\w+|admin|s[ée]curit[ée]|"
    r"security|webmail|messagerie|mail|banque|bank|compte|account|notification|noreply|no-reply|direction|"
    r"rectorat|pr[ée]sident\w*|universit\w+|scolarit[ée]|biblioth[èe]que|imp[ôo]ts?|gouv|livraison|delivery|cas|ent)"
    r"(?!\w)",
    re.IGNORECASE,
)
"""Words by which a sender calls himself an office, not a person."""
_WORLD = frozenset({"amazonses.com", "sendgrid.net", "mailgun.net", "mailchimp.com", "outlook.com", "google.com"})
"""Who sends for everybody: the address of such a machine says little."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that a mail carries. A mail within the mail is not opened, and its digest would be that of a letter."""

    name: str
    content: bytes = field(repr=False)
    line: int
    shown: bool = False
    """Whether it is shown within the mail: a picture of its layout."""
    digested: bool = True


@dataclass(slots=True)
class Letter:
    """A mail, read."""

    fields: list[Field] = field(default_factory=list)
    texts: list[tuple[str, int]] = field(default_factory=list)
    pages: list[tuple[str, int]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    cuts: list[tuple[Refusal, int]] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    to: Recipients = field(default_factory=Recipients)

    def all(self, *names: str) -> list[Field]:
        """The headers of those names in their order, no longer than is looked at."""
        return [Field(each.name, each.value[:VALUE_MAX], each.line) for each in self.fields if each.name in names]


def opened(letter: Letter, context: FileContext) -> Opened:
    """The indicators of a mail and its report. Raises Refusal `too_many_recipients`."""
    to = _hear_recipients(letter)
    senders = {address for each in letter.all("from", "sender") if (address := _address(each.value)) is not None}

    def clean(kind: str, text: str) -> str | None:
        return _cleaned(to, senders, kind, text)

    gathering = Gathering(context.default, clean, prose_is_doubtful=True)
    _of_headers(letter, gathering, context)
    for text, line in letter.texts:
        gathering.text(text, line)
    for source, line in letter.pages:
        gathering.html(source, line, placed=False)
    for file in letter.files:
        _of_file(file, gathering)
    for refusal, line in letter.cuts:
        gathering.refused("", "", line, refusal)
    return Opened(tuple(gathering), _tale(letter, to), tuple(letter.silent))


def _hear_recipients(letter: Letter) -> Recipients:
    to = letter.to
    for each in letter.fields:
        if each.name in TO:
            to.hear(each.value)
        elif each.name == "received":
            to.hear_of_a_hop(each.value)
        if len(to) > ADDRESSES_MAX:
            raise Refusal("too_many_recipients", f"a mail to more than {ADDRESSES_MAX} recipients is not read")
    for text, _line in (*letter.texts, *letter.pages):
        to.hear_of_a_body(text)
    return to


def _cleaned(to: Recipients, senders: set[str], kind: str, text: str) -> str | None:
    """What may be kept of a value. Raises Refusal `recipient` where nothing would be left that means the same."""
    if kind == "url":
        return to.erased_from_url(text)
    if kind == "email":
        address = text.removeprefix("mailto:").partition("?")[0].strip().lower()
        if address in senders and not to.reached(address):
            return address
        return None if to.beside(address) or to.erased(address) != address else text
    if to.erased_from_words(text) != text:
        raise Refusal("recipient", "it names whom the mail was for, and is not kept")
    return text


def _of_headers(letter: Letter, gathering: Gathering, context: FileContext) -> None:
    for each in letter.all("from", "sender", "return-path"):
        _of_sender(each, letter.to, gathering)
        if each.name == "from" and imitates(each.value, context.sender):
            gathering.value(_name(each.value), "email-display-name", each.line)
    for each in letter.all("reply-to"):
        if (address := _address(each.value)) is not None and not letter.to.beside(address):
            gathering.value(address, "email-reply-to", each.line)
    for name, kind in (("subject", "email-subject"), ("x-mailer", "email-x-mailer")):
        for each in letter.all(name)[:1]:
            if each.value:
                gathering.value(each.value, kind, each.line)
    _of_the_way(letter, gathering, context)


def _of_sender(header: Field, to: Recipients, gathering: Gathering) -> None:
    """An address that sent the mail; a mail may say that it comes from whom it is for, or name him in a bounce."""
    address = _address(header.value)
    if address is None:
        return
    if to.erased(address) != address:
        gathering.refused("", "email", header.line, Refusal("recipient", "it names whom the mail was for"))
    else:
        gathering.value(address, "email", header.line)


def _of_the_way(letter: Letter, gathering: Gathering, context: FileContext) -> None:
    """The number of the mail, and the machine that handed it in."""
    received = letter.all("received")
    hosts = {match[1].lower() for each in received if (match := _RECEIVER.search(each.value))}
    for each in letter.all("message-id")[:1]:
        given = each.value.rstrip(">").rpartition("@")[2].lower() in hosts  # by a machine on the way, not by the sender
        gathering.value(each.value, "email-message-id", each.line, sure=DOUBTFUL if given else 100)
    hop = first_outside([each.value for each in received], context.own())
    if hop is not None:
        kind = "ipv6" if ":" in hop.address else "ipv4"
        common = of_a_provider(hop.name) or any(hop.name.endswith(f".{name}") for name in _WORLD)
        gathering.value(hop.address, kind, received[hop.index].line, sure=DOUBTFUL if common else 100)


def _address(value: str) -> str | None:
    """The address of a header that names one sender: the last in angle brackets, else the first that stands bare."""
    angles = _ANGLE.findall(value)
    bare = _BARE.search(value)
    address = angles[-1] if angles else bare[0] if bare is not None else ""
    return address.lower() if "@" in address else None


def _name(value: str) -> str:
    """What a sender calls himself."""
    return value.rpartition("<")[0].strip().strip("\"'").strip()


def imitates(value: str, institution: str) -> bool:
    """Whether the name beside an address passes for somebody else's.

    It does when it shows another address or name of the DNS than the real one, or an office or the institution that
    got the mail, of which the real name of the DNS has no word. A person's name alone is none: it may be the victim
    of a stolen account, and is not shared.
    """
    name, address = _name(value), _address(value)
    if not name or address is None:
        return False
    real = address.rpartition("@")[2]
    for dotted in _DOTTED.findall(name.lower()):
        registered = suffix_list().privatesuffix(dotted)
        if registered and registered != suffix_list().privatesuffix(real):
            return True
    words = {word.lower() for word in _LETTERS.findall(name)}
    if any(word in real for word in words):
        return False
    own = {word.lower() for word in _LETTERS.findall(institution)}
    return _OFFICE.search(name) is not None or bool(words & own)


def _of_file(file: File, gathering: Gathering) -> None:
    sure = DOUBTFUL if file.shown else 100
    if file.name:
        gathering.value(file.name, "attachment-name", file.line, sure=sure)
    if file.content and file.digested:
        for algorithm in ("md5", "sha256"):
            digest = hashlib.new(algorithm, file.content, usedforsecurity=False).hexdigest()
            gathering.value(digest, algorithm, file.line, sure=sure)


def _tale(letter: Letter, to: Recipients) -> Tale:
    """Subject and a neutral account; no word of the body, and nobody to whom it was sent."""
    subjects, dates = letter.all("subject"), letter.all("date")
    subject = to.erased_from_words(subjects[0].value, ERASED) if subjects else ""
    title = gettext("Mail: %(subject)s") % {"subject": subject} if subject else gettext("Mail without a subject")
    said = [gettext("Mail that was submitted as a file; its recipients were taken out.")]
    if dates:
        said.append(gettext("Sent: %(date)s.") % {"date": to.erased(dates[0].value[:60], ERASED)})
    if letter.files:
        count = len(letter.files)
        said.append(ngettext("%(count)d file is in it.", "%(count)d files are in it.", count) % {"count": count})
    return Tale(plain(title, TITLE_MAX), " ".join(said))
