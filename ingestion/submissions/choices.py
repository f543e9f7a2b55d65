"""What a sender says with a value: marking, audience, threat type and the rest. Pure: no models, no request.

The same names everywhere: in `defaults`, in an item, in query parameters and in the form (contracts.md, REST API).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

from ingestion.readers.credentials import redact
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, PAP, TLP
from iocmarket.kernel.pointer import pointer

QUERY = "?"
"""The place of what stands in the query string."""
AUDIENCES = ("own", "community", "circle", "recipients")
COMMENT_MAX = 2000
TAG_MAX = 100
TAGS_MAX = 50
RECIPIENTS_MAX = 200
# Dates outside of these bounds are slips of the keyboard, and some could not be read back from the database.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything that may be said of a value. `explicit` names what was said for this very item."""

    tlp: TLP = DEFAULT.tlp
    pap: PAP = DEFAULT.pap
    threat_type: str = ThreatType.OTHER.value
    confidence: int = 60
    audience: str = "community"
    circle: str = ""
    recipients: tuple[str, ...] = ()
    """Institutions by name; with TLP:RED members by address."""
    valid_until: datetime | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    comment: str = ""
    tags: tuple[str, ...] = ()
    anonymous: bool = False
    subtree: bool | None = None
    explicit: frozenset[str] = frozenset()


NAMES = frozenset(Choices.__dataclass_fields__) - {"explicit"}
LISTS = frozenset({"recipients", "tags"})


def read_choices(data: Mapping[str, Any], *, base: Choices, where: str, own: bool) -> Choices:
    """Read what is given over `base`. `own`: said for one item (explicit), not for the whole act.

    Raises Refusal whose `where` is a JSON Pointer (`/defaults/tlp`) or, for `where` QUERY, the parameter (`?tlp`).
    """
    given: dict[str, Any] = {}
    for name in data:
        if name not in NAMES:
            raise Refusal("unknown_field", f"{name[:60]!r} is not a field of a statement", where=place(where, name))
    for name, reader in _READERS.items():
        if data.get(name) is not None:
            try:
                given[name] = reader(data[name])
            except Refusal as refusal:
                refusal.where = place(where, name)
                raise
    if given.get("audience", base.audience) != base.audience:
        given.setdefault("recipients", ())  # those of the default audience are not meant by another one
        given.setdefault("circle", "")
    elif (given.get("tlp", base.tlp) == TLP.RED) != (base.tlp == TLP.RED):
        given.setdefault("recipients", ())  # persons are not institutions
    found = replace(base, **given, explicit=base.explicit | frozenset(given) if own else base.explicit)
    check(found, where=where)
    return found


def place(where: str, name: str) -> str:
    """Where a field stands: a JSON Pointer, or a query parameter when `where` is QUERY."""
    return f"{QUERY}{name[:60]}" if where == QUERY else where + pointer(name)


def check(choices: Choices, *, where: str) -> None:
    """What the fields must hold together. Raises Refusal."""
    if choices.tlp is TLP.RED and choices.audience not in {"own", "recipients"}:
        detail = "TLP:RED is for persons: set audience to recipients and name members by their address, or to own"
        raise Refusal("red_names_persons", detail, where=place(where, "audience"))
    if choices.audience == "circle" and not choices.circle:
        raise Refusal("circle_missing", "audience circle names the circle", where=place(where, "circle"))
    if choices.circle and choices.audience != "circle":
        detail = "a circle is named, but the audience is another; set audience to circle"
        raise Refusal("circle_without_audience", detail, where=place(where, "circle"))
    if choices.audience == "recipients" and not choices.recipients:
        raise Refusal(
            "recipients_missing", "audience recipients names at least one institution", where=place(where, "recipients")
        )
    if choices.recipients and choices.audience != "recipients":
        detail = "recipients are named, but the audience is another; set audience to recipients"
        raise Refusal("recipients_without_audience", detail, where=place(where, "recipients"))
    if choices.first_seen and choices.last_seen and choices.first_seen > choices.last_seen:
        raise Refusal("dates_out_of_order", "first_seen lies after last_seen", where=place(where, "first_seen"))


def _text(value: Any, *, longest: int) -> str:
    if not isinstance(value, str):
        raise Refusal("not_text", f"a text is expected, not {type(value).__name__}")
    if len(value) > longest:
        raise Refusal("too_long", f"{len(value)} characters; at most {longest}")
    if "\x00" in value:
        raise Refusal("nul_character", "the text contains a NUL character")
    return value.strip()


def _comment(value: Any) -> str:
    """A comment is free text, and free text is kept without the passwords that people paste into it."""
    return redact(_text(value, longest=COMMENT_MAX))[:COMMENT_MAX]


def _tlp(value: Any) -> TLP:
    return TLP.parse(_text(value, longest=40))


def _pap(value: Any) -> PAP:
    return PAP.parse(_text(value, longest=40))


def _threat_type(value: Any) -> str:
    name = _text(value, longest=40).lower()
    if name not in ThreatType.values:
        raise Refusal("unknown_threat_type", f"{name!r} is not a threat type; one of {', '.join(ThreatType.values)}")
    return name


def _confidence(value: Any) -> int:
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise Refusal("bad_confidence", "confidence is a whole number from 0 to 100")
    return int(text)


def _audience(value: Any) -> str:
    name = _text(value, longest=40).lower()
    if name not in AUDIENCES:
        raise Refusal("unknown_audience", f"{name!r} is not an audience; one of {', '.join(AUDIENCES)}")
    return name


def _texts(value: Any, *, most: int, longest: int) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        raise Refusal("not_a_list", f"a list of texts is expected, not {type(value).__name__}")
    if len(items) > most:
        raise Refusal("too_many", f"{len(items)} entries; at most {most}")
    return tuple(dict.fromkeys(text for text in (_text(item, longest=longest) for item in items) if text))


def _circle(value: Any) -> str:
    return _text(value, longest=120)


def _recipients(value: Any) -> tuple[str, ...]:
    return _texts(value, most=RECIPIENTS_MAX, longest=200)


def _tags(value: Any) -> tuple[str, ...]:
    tags = _texts(value, most=TAGS_MAX, longest=TAG_MAX)
    for tag in tags:
        if not tag.isprintable():
            raise Refusal("bad_tag", f"{tag!r} has characters that cannot be printed")
        if tag.casefold().startswith(("tlp:", "pap:")):
            raise Refusal("label_in_tag", f"{tag!r} is a marking: give it as tlp or pap, where it is enforced")
    return tags


def _moment(value: Any) -> datetime:
    text = _text(value, longest=40)
    try:
        found = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal("bad_date", f"{text!r} is not a date; write it as 2027-01-31T08:00:00Z") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not EARLIEST <= found < LATEST:
        raise Refusal("bad_date", f"{text!r} is not between {EARLIEST.year} and {LATEST.year}")
    return found


def _past(value: Any) -> datetime:
    found = _moment(value)
    if found > clock.now() + timedelta(hours=1):
        raise Refusal("in_the_future", "a sighting cannot lie in the future")
    return found


def _future(value: Any) -> datetime:
    found = _moment(value)
    if found <= clock.now():
        raise Refusal("in_the_past", "valid_until lies in the past")
    return found


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value, longest=10).lower()
    if text in {"1", "true", "yes", "on", "oui", "vrai"}:
        return True
    if text in {"0", "false", "no", "off", "non", "faux", ""}:
        return False
    raise Refusal("not_a_flag", f"{text!r} is neither true nor false")


_READERS: dict[str, Callable[[Any], Any]] = {
    "tlp": _tlp,
    "pap": _pap,
    "threat_type": _threat_type,
    "confidence": _confidence,
    "audience": _audience,
    "circle": _circle,
    "recipients": _recipients,
    "valid_until": _future,
    "first_seen": _past,
    "last_seen": _past,
    "comment": _comment,
    "tags": _tags,
    "anonymous": _flag,
    "subtree": _flag,
}
