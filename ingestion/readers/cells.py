"""Cells of tables as other tools and spreadsheets write them, in the words of the API. Pure; never raises.

What cannot be translated is left as it is: whoever reads the field says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from ingestion.readers.headings import ANY, VALUE
from ingestion.readers.labels import labels_of
from ingestion.readers.stix_patterns import values_of
from ingestion.readers.threat_names import threat_named
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel.decision import Refusal

COMMENT_MAX = 2000
MOST = 100
"""Values of one cell that are told apart; more are a list, and the cell is read as one value."""
_NOTHING = frozenset(
    {"-", "--", "—", "–", "n/a", "na", "none", "null", "nil", "nan", "aucun", "aucune", "néant", "#n/a"}
)
_FORMULA = re.compile(r"'(?=[=+\-@\t\r\n])")
_APART = re.compile(r"[\s,;|]+")
_PATTERN = re.compile(r"\[.+\]", re.DOTALL)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?(?:[ ]?(?:UTC|Z))?")
_UTC = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?[ ]?(?:UTC|GMT)", re.IGNORECASE)
_SLASHED = re.compile(r"(\d{4})/(\d\d)/(\d\d)")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_SURE = {
    85: "high haute haut elevee élevée élevé eleve forte fort sure sûre confirmed confirmé confirmée",
    50: "medium moderate moyenne moyen modérée moderee probable",
    25: "low faible basse bas",
}
_CONFIDENCE = {word: str(percent) for percent, words in _SURE.items() for word in words.split()}
# Names of types in other tools, folded to letters and digits; to nothing where the value tells best what it is.
_TYPES: dict[str, str] = {
    "": """ip ipaddr ipaddress ipdst ipsrc adresseip address host hash filehash empreinte ioc indicator indicateur
        network ipv4orv6 file fichier malware addr ipwithport""",
    "domain": "domain domaine fqdn domainname nomdedomaine dns dnsname hostname hostnames sousdomaine subdomain",
    "url": "url uri lien link urls",
    "ipv4": "ipv4 ipv4addr ipv4address ip4",
    "ipv6": "ipv6 ipv6addr ipv6address ip6",
    "cidr": "cidr subnet netblock range iprange plage reseau ipv4cidr ipv6cidr network",
    "email": """email emailaddr emailaddress mail emailsrc emaildst sender adressemail adresseemail courriel
        emailfrom""",
    "md5": "md5 filehashmd5 md5hash hashmd5 filemd5",
    "sha1": "sha1 filehashsha1 sha1hash hashsha1 filesha1",
    "sha256": "sha256 filehashsha256 sha256hash hashsha256 filesha256",
    "sha512": "sha512 filehashsha512 sha512hash hashsha512",
    "filename": "filename nomdefichier",
    "file-path": "filepath chemin path",
    "cve": "cve vulnerability vulnerabilite",
    "mutex": "mutex",
    "asn": "asn as autonomoussystem",
    "x509-sha1": "sslcertfingerprint certificatesha1 sslsha1 x509fingerprintsha1",
    "yara": "yara yararule",
    "sigma": "sigma sigmarule",
    "suricata": "suricata snort suricatarule snortrule",
}
_TYPE_NAMES = {word: name for name, words in reversed(_TYPES.items()) for word in words.split()}


def bare(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it; empty when it says “nothing”."""
    text = _FORMULA.sub("", cell, count=1) if cell.startswith("'") else cell
    return "" if len(text) < 10 and text.strip().casefold() in _NOTHING else text


def values_in(cell: str, role: str, said_type: str) -> Iterator[dict[str, str]]:
    """The values of a cell, as the fields `value` and `type`; what is none is one, to be refused with its reason."""
    kind = (type_named(said_type) if said_type else "") if role == VALUE else role.partition(":")[2]
    kind = "" if role == ANY else kind
    if kind in ioc_types and ioc_types[kind].verbatim:
        yield {"value": cell, "type": kind}
        return
    text = cell.strip()
    if text[:1] == "[" and "=" in text and _PATTERN.fullmatch(text):
        yield from _of_pattern(text)
        return
    pieces = _APART.split(text, MOST) if _APART.search(text) else []
    if len(pieces) > 1 and not _is_value(cell) and all(map(_is_value, pieces)):
        yield from ({"value": piece} for piece in pieces)
    elif kind and not (role != VALUE and _is_value(cell)):
        yield {"value": cell, "type": kind}
    else:
        yield {"value": cell}


def _of_pattern(text: str) -> Iterator[dict[str, str]]:
    """A STIX pattern in a cell: its values."""
    try:
        found = values_of(text)
    except Refusal:
        found = []
    accepted = [read for read in found if read.canonical is not None]
    if not accepted:
        yield {"value": text, "type": "stix-pattern"}
    for read in accepted:
        yield {"value": read.raw, "type": read.type}


def _is_value(text: str) -> bool:
    try:
        recognise(text)
    except Refusal:
        return False
    return True


def type_named(text: str) -> str:
    """The type that others call so; empty for one that the value tells best, the same word when it is not known."""
    name = text.strip()
    if name.lower() in ioc_types:
        return name.lower()
    return _TYPE_NAMES.get(re.sub(r"[^0-9a-z]", "", name.lower()), name)


def moment(text: str) -> str:
    """A date in ISO 8601: day before month, unless there is no such month; `2024/10/08`, `… UTC`, Unix time."""
    said = text.strip()
    if (found := _DAY.fullmatch(said)) is not None:
        return _of_day(found) or said
    if (found := _UTC.fullmatch(said)) is not None:
        return f"{found[1]}T{found[2]}Z" if found[2] else found[1]
    if _EPOCH.fullmatch(said):
        return datetime.fromtimestamp(int(said[:10]), UTC).isoformat()
    return _SLASHED.sub(r"\1-\2-\3", said, count=1)


def _of_day(found: re.Match[str]) -> str:
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    day, month = (two, one) if two > 12 >= one else (one, two)
    try:
        said = date(year, month, day)
    except ValueError:
        return ""
    if found[4] is None:
        return said.isoformat()
    return f"{said.isoformat()}T{int(found[4]):02}:{found[5]}:{found[6] or '00'}Z"


def tlp(text: str) -> str:
    """A TLP, in French too."""
    found = labels_of(f"TLP:{text.strip()}").tlp if text.strip().isalpha() else None
    return text if found is None else found.label


def pap(text: str) -> str:
    """A PAP, in French too."""
    found = labels_of(f"PAP:{text.strip()}").pap if text.strip().isalpha() else None
    return text if found is None else found.label


def confidence(text: str) -> str:
    """A confidence in percent, of `75 %` and of words."""
    said = text.strip().casefold()
    return _CONFIDENCE.get(said) or said.removesuffix("%").strip()


def threat(text: str) -> str:
    """A threat type of ours, of the words of others."""
    return threat_named(text) or next(filter(None, map(threat_named, text.split())), text.strip())


def tags(text: str) -> list[str]:
    """The labels of a cell."""
    return [label for piece in re.split(r"[,;|\n]", text) if (label := piece.strip())]


def comment(pieces: list[str]) -> str:
    """One comment of several cells, cut where no more is kept."""
    text = "; ".join(piece.strip() for piece in pieces) if len(pieces) > 1 else "".join(pieces)
    return text if len(text) <= COMMENT_MAX else text[: COMMENT_MAX - 1] + "…"
