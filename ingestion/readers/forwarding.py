"""The mail by which a person passes another mail on: what was attached, or what stands below the forwarding line.

Pure. Recipients are taken out here, before anything else is looked at: the lines that name them are dropped, and each
address that was in one is blanked wherever else it stands (mails carry it in their links, also encoded).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from urllib.parse import quote

from ingestion.readers.labels import Labels, labels_of
from ingestion.readers.page_text import text_of_page
from iocmarket.kernel.decision import Refusal

ATTACHED_MAX = 20
"""Attached mails and files of one mail."""
PARTS_MAX = 500
TEXT_MAX = 1024 * 1024
"""Characters of a body that are read."""
TITLE_LENGTH = 200
BLANK = "[…]"
"""What stands where a recipient stood."""
NOTE_LINES = 10
"""Lines of the person's own words in which a marking is looked for."""

_TO_US = ("to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to", "x-forwarded-to")
_PREFIX = re.compile(r"^\s*(?:(?:fwd?|tr|re|rép|wg|aw|i)\s?:\s*)+", re.IGNORECASE)
_FORWARDED = re.compile(
    r"^[>\s*]*(?:-{2,}\s*)?(?:forwarded message|original message|begin forwarded message"
    r"|message (?:transféré|transmis|réexpédié|d['\u2019]origine|original)|début du message (?:transféré|réexpédié))"
    r"\s*:?\s*(?:-{2,})?[\s*]*$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^[>\s*]*(?P<name>[^\W\d_][\w\- ]{0,20}?)[\s*\u00a0\u202f]*:[\s*]*(?P<value>.*)$")
_FROM = frozenset({"from", "de", "expéditeur", "von"})
_TITLE = frozenset({"subject", "objet", "sujet", "betreff"})
_RECIPIENTS = frozenset(
    {"to", "cc", "bcc", "à", "a", "cci", "pour", "destinataire", "destinataires", "copie", "copie à", "copies", "an"}
)
_HEAD = (
    _FROM | _TITLE | _RECIPIENTS | {"date", "sent", "envoyé", "reply-to", "répondre à", "importance", "organisation"}
)
_HEAD_LINES = 15
_ADDRESS = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SIGNATURE = "--"


@dataclass(frozen=True, slots=True)
class Attached:
    """A mail (`.eml`) or file that was attached."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A forwarding mail, read."""

    subject: str
    """As the person sent it, recipients blanked."""
    title: str
    """What the forwarded mail was called."""
    message_id: str
    senders: tuple[str, ...]
    """Addresses of From, in lower case: of an honest mail there is one."""
    to_us: tuple[str, ...]
    """Addresses of those it is sent to, in lower case; only to find ours among them."""
    automatic: bool
    """Whether a program sent it: those are not answered."""
    own: Labels
    """Markings in the person's own words."""
    foreign: Labels
    """Markings in words that may be those of the forwarded mail: they can only make it stricter."""
    attached: tuple[Attached, ...]
    text: str
    """What was forwarded inline."""


def forwarding_of(data: bytes) -> Forwarding:
    """Read a mail. Raises Refusal(`mail_unreadable`)."""
    try:
        mail = message_from_bytes(data)
        attached, body = _parts_of(mail)
        subject = _decoded(mail, "subject")
        senders = _addresses(mail, ("from",))
        to_us = _addresses(mail, _TO_US)
    except (MessageError, ValueError, LookupError, RecursionError, AttributeError, TypeError) as error:
        raise Refusal("mail_unreadable", "the mail cannot be taken apart") from error
    note, head, text = _split(body[:TEXT_MAX])
    hidden = {*senders, *to_us, *_recipients_in(head)}
    kept = "\n".join(_without_recipients(head)) + "\n" + text
    prefix = _PREFIX.match(subject)
    forwarded = bool(head)
    own, foreign = _labels(subject, note if forwarded else _first(text), prefix=prefix, forwarded=forwarded)
    return Forwarding(
        subject=without(subject, hidden),
        title=without(_title_in(head) or _PREFIX.sub("", subject), hidden)[:TITLE_LENGTH].strip(),
        message_id=str(mail.get("message-id") or "").strip()[:998],
        senders=senders,
        to_us=to_us,
        automatic=_is_automatic(mail),
        own=own,
        foreign=foreign,
        attached=tuple(attached),
        text=without(kept, hidden),
    )


def without(text: str, addresses: set[str]) -> str:
    """The text without these addresses, in whichever case and encoding links carry them."""
    spellings = {spelling for address in addresses if "@" in address for spelling in _spellings(address)}
    if not spellings:
        return text
    longest = sorted(spellings, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest)), BLANK, text, flags=re.IGNORECASE)


def _spellings(address: str) -> Iterator[str]:
    yield address
    yield quote(address, safe="")
    yield quote(quote(address, safe=""), safe="")
    # Base64 in a link; its last letters depend on what follows, so they are left out.
    yield base64.b64encode(address.encode()).decode().rstrip("=")[: len(address) * 4 // 3 - 1]
    yield address.encode().hex()


def _parts_of(mail: Message) -> tuple[list[Attached], str]:
    """Attached mails and files, and the body."""
    attached: list[Attached] = []
    plain: list[str] = []
    marked_up: list[str] = []
    waiting, seen = [mail], 0
    while waiting:
        part = waiting.pop(0)
        seen += 1
        if seen > PARTS_MAX:
            raise Refusal("mail_unreadable", f"the mail has more than {PARTS_MAX} parts")
        kind, inner = part.get_content_type(), part.get_payload()
        if kind == "message/rfc822" and isinstance(inner, list) and part is not mail:
            attached += [Attached("mail.eml", message.as_bytes()) for message in inner if isinstance(message, Message)]
        elif isinstance(inner, list):
            waiting = [*inner, *waiting]
        elif part.get_filename() or part.get_content_disposition() == "attachment":
            attached.append(Attached(_file_name(part), _content(part)))
        elif kind == "text/plain":
            plain.append(_text(part))
        elif kind == "text/html":
            marked_up.append(_text(part))
    if len(attached) > ATTACHED_MAX:
        raise Refusal("too_many_attached", f"{len(attached)} attachments; at most {ATTACHED_MAX} are read")
    # What a link shows and where it leads are two things: the second stands in the HTML alone.
    links = [line for text in marked_up for line in text_of_page(text[:TEXT_MAX], only_links=bool(plain)).splitlines()]
    return attached, "\n".join([*plain, *links])


def _file_name(part: Message) -> str:
    return str(part.get_filename() or "")[:255]


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _text(part: Message) -> str:
    data = _content(part)
    charset = part.get_content_charset() or "utf-8"
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _decoded(mail: Message, name: str) -> str:
    value = mail.get(name)
    try:
        text = str(make_header(decode_header(value))) if value is not None else ""
    except (LookupError, ValueError, MessageError):
        text = str(value)
    return " ".join(text.split())[:998]


def _addresses(mail: Message, names: tuple[str, ...]) -> tuple[str, ...]:
    values = [str(value) for name in names for value in mail.get_all(name, [])]
    return tuple(dict.fromkeys(address.lower() for _, address in getaddresses(values) if "@" in address))


def _is_automatic(mail: Message) -> bool:
    """Answers of absence, bounces and lists (RFC 3834 section 2)."""
    said = str(mail.get("auto-submitted") or "no").strip().lower()
    bulk = str(mail.get("precedence") or "").strip().lower() in {"bulk", "junk", "list"}
    return said != "no" or bulk or mail.get("list-id") is not None or mail.get_content_type() == "multipart/report"


def _split(body: str) -> tuple[list[str], list[str], str]:
    """The person's words, the head of what was forwarded, and its text. Without a head everything is text."""
    lines = body.splitlines()
    for number, line in enumerate(lines):
        marked = bool(_FORWARDED.match(line))
        if marked or _starts_head(lines, number):
            start = number + 1 if marked else number
            while start < len(lines) and not lines[start].strip(" >*"):
                start += 1
            end = _end_of_head(lines, start)
            return lines[:number], lines[start:end], "\n".join(lines[end:])
    return [], [], "\n".join(_without_signature(lines))


def _starts_head(lines: list[str], number: int) -> bool:
    """Whether a block of sender and subject begins here, as Outlook writes it without a line before it."""
    if _name_in(lines[number]) not in _FROM:
        return False
    names = {_name_in(line) for line in lines[number + 1 : number + 8]}
    return bool(names & _TITLE) and bool(names & _HEAD - _FROM)


def _end_of_head(lines: list[str], start: int) -> int:
    """After the named lines and their continuations: up to the first blank line."""
    end = start
    if start >= len(lines) or _name_in(lines[start]) not in _HEAD:
        return start
    while end < len(lines) and end - start < _HEAD_LINES and lines[end].strip(" >*"):
        end += 1
    return end


def _name_in(line: str) -> str:
    match = _NAMED.match(line[:200])
    return match["name"].strip().lower() if match else ""


def _by_name(head: list[str]) -> Iterator[tuple[str, str]]:
    """Each line of a head with the name it belongs to; a continuation belongs to the line above."""
    name = ""
    for line in head:
        found = _name_in(line)
        name = found if found in _HEAD else name
        yield name, line


def _recipients_in(head: list[str]) -> set[str]:
    said = " ".join(line for name, line in _by_name(head) if name in _RECIPIENTS)
    return {address.lower() for address in _ADDRESS.findall(said)}


def _without_recipients(head: list[str]) -> list[str]:
    """Blank lines in their place: line numbers stay true."""
    return ["" if name in _RECIPIENTS else line for name, line in _by_name(head)]


def _title_in(head: list[str]) -> str:
    for name, line in _by_name(head):
        if name in _TITLE and (match := _NAMED.match(line)):
            return " ".join(match["value"].split())
    return ""


def _without_signature(lines: list[str]) -> list[str]:
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _SIGNATURE]
    return lines[: ends[-1]] if ends else lines


def _first(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _labels(subject: str, words: list[str], *, prefix: re.Match[str] | None, forwarded: bool) -> tuple[Labels, Labels]:
    """The person's own and those that may be the forwarded mail's: its subject stands behind `Fwd:`."""
    before = _before_prefix(subject) if prefix is None else ""
    after = subject[prefix.end() :] if prefix else ("" if before == subject else subject[len(before) :])
    note = [line for line in words if line.strip()][:NOTE_LINES]
    own = labels_of("\n".join([before, *(note if forwarded else [])]))
    foreign = labels_of("\n".join([after, *([] if forwarded else note)]))
    return own, foreign


def _before_prefix(subject: str) -> str:
    """`TLP:GREEN Fwd: …`: what stands in front; all of it where nothing was forwarded by the subject."""
    found = re.search(r"\b(?:fwd?|tr)\s?:", subject, re.IGNORECASE)
    return subject[: found.start()] if found else subject
