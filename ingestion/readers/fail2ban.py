"""One banned address as a form, as fail2ban's action for AbuseIPDB posts it: `ip`, `comment`, `categories`.

The comment of that action is lines of a log, with whom somebody tried to be: of such lines only the programs that wrote
them are kept, and how many. Any other comment is kept without mail addresses and names of users.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from ingestion.readers.base import Row
from ingestion.readers.files import FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.telling import moment_of, plain, without_empty
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

FIELDS_MAX = 20
_FIELDS = frozenset({"ip", "comment", "categories", "timestamp", "confidence", "tlp", "pap", "threat_type", "tags"})
# AbuseIPDB's categories (abuseipdb.com/categories), the telling ones first: a report names several.
_CATEGORIES = {
    18: ThreatType.BRUTE_FORCE,
    22: ThreatType.BRUTE_FORCE,
    5: ThreatType.BRUTE_FORCE,
    7: ThreatType.PHISHING,
    4: ThreatType.DDOS,
    16: ThreatType.EXPLOITATION,
    21: ThreatType.EXPLOITATION,
    15: ThreatType.EXPLOITATION,
    11: ThreatType.SPAM,
    10: ThreatType.SPAM,
    12: ThreatType.SPAM,
    13: ThreatType.SUSPICIOUS_VPN,
    14: ThreatType.SCAN,
    19: ThreatType.SCAN,
}
_LOG_LINE = re.compile(
    r"^\s*(?:\w{3}\s+\d+\s[\d:]{8}|\d{4}-\d\d-\d\d[T ]\S+)|\b[\w.-]+\[\d+\]:|\bsshd\b"
    r"|\bFailed password\b|\"\s\d{3}\s\d+|\bfrom\s[\d.:a-f]{7,}\s(?:port\b|\[)",
    re.MULTILINE | re.IGNORECASE,
)
_PROGRAM = re.compile(r"(?<![\w.-])(?P<name>[A-Za-z][\w-]{1,30})(?:/[\w-]{1,30})?\[\d{1,10}\]:")
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*")
_USER = re.compile(
    r"(?P<before>\b(?:invalid|illegal|unknown)?\s?(?:user(?:name)?|login|account|compte|utilisateur|identifiant|sasl_username|"
    r"ruser|password for|authentication failure for)\b[ =:]{1,3}[\"'<(]?)(?!from\b)[^\s\"'>),;]{1,200}",
    re.IGNORECASE,
)


class Fail2ban(FileReader):
    """One form, one address."""

    name: ClassVar[str] = "fail2ban"
    media_types: ClassVar[tuple[str, ...]] = ("application/x-www-form-urlencoded",)
    size_max: ClassVar[int] = 64 * 1024

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Its one item. Raises Refusal: `not_a_form`, `unknown_field`, `duplicate_name`."""
        fields = _fields_of(source)
        return Opened([Row(1, {"value": fields["ip"], **_said(fields, context)})])


def _fields_of(source: Source) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(source.read().decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:  # no UTF-8, or too many fields
        detail = f"the body is no form of at most {FIELDS_MAX} fields in UTF-8"
        raise Refusal("not_a_form", detail, where="/") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refusal("duplicate_name", "a field stands twice in the form", where="/")
    if not fields.get("ip", "").strip():
        raise Refusal("not_a_form", "a form has a field `ip`; for anything else name the type of the body", where="/ip")
    for name in fields:
        if name not in _FIELDS:
            raise Refusal("unknown_field", f"{name[:60]!r} is not a field of such a form", where="/")
    return fields


def _said(fields: Mapping[str, str], context: FileContext) -> dict[str, Any]:
    numbers = [int(text) for text in re.findall(r"\d{1,3}", fields.get("categories", "")[:200])]
    threat = next((kind for number, kind in _CATEGORIES.items() if number in numbers), None)
    given = {
        name: fields[name].strip() for name in ("tlp", "pap", "confidence", "threat_type", "tags") if name in fields
    }
    return without_empty(
        {
            "threat_type": threat.value if threat else None,
            "last_seen": moment_of(fields.get("timestamp"), context.moment),
            "comment": comment_of(fields.get("comment", "")),
            **given,
        }
    )


def comment_of(text: str) -> str:
    """What may be kept of a comment: see the head of this module."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not any(map(_LOG_LINE.search, lines)):
        return plain(_USER.sub(lambda match: f"{match['before']}•••", _MAIL.sub("•••", text)))
    programs = Counter(match["name"] for line in lines for match in [_PROGRAM.search(line)] if match)
    told = ", ".join(f"{name} ({count})" for name, count in programs.most_common(5)) or f"{len(lines)}"
    return f"fail2ban: {told}"


file_readers.register(Fail2ban())
