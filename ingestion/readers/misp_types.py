"""MISP's attribute types and tags in the words of this platform (describeTypes, taxonomies, galaxies). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingestion.readers.threat_names import threat_of_label
from ingestion.readers.threat_words import threat_words
from iocmarket.indicators.threats import VOCABULARY, ThreatType

ADDRESS, FILE = "address", "file"
"""Parts whose type follows from the value: an address or a network, a file name or a path."""

_HASHES = ("md5", "sha1", "sha256", "sha512", "imphash", "ssdeep", "tlsh", "authentihash")
# What each type holds, part by part between its bars; None for a part that is no indicator here.
PARTS: dict[str, tuple[str | None, ...]] = {
    "ip-src": (ADDRESS,),
    "ip-dst": (ADDRESS,),
    "domain": ("domain",),
    "hostname": ("domain",),
    "domain|ip": ("domain", ADDRESS),
    "url": ("url",),
    "email": ("email",),
    "email-src": ("email",),
    "email-reply-to": ("email-reply-to",),
    "email-subject": ("email-subject",),
    "email-src-display-name": ("email-display-name",),
    "email-message-id": ("email-message-id",),
    "email-x-mailer": ("email-x-mailer",),
    "email-attachment": ("attachment-name",),
    "filename": (FILE,),
    **{kind: (kind,) for kind in _HASHES},
    **{f"filename|{kind}": (FILE, kind) for kind in _HASHES},
    "malware-sample": (FILE, "md5"),
    "AS": ("asn",),
    "ja3-fingerprint-md5": ("ja3",),
    "jarm-fingerprint": ("jarm",),
    "hassh-md5": ("hassh",),
    "hasshserver-md5": ("hassh",),
    "x509-fingerprint-md5": ("x509-md5",),
    "x509-fingerprint-sha1": ("x509-sha1",),
    "x509-fingerprint-sha256": ("x509-sha256",),
    "onion-address": ("onion",),
    "mac-address": ("mac",),
    "user-agent": ("user-agent",),
    "regkey": ("regkey",),
    "mutex": ("mutex",),
    "named pipe": ("named-pipe",),
    "windows-service-name": ("service-name",),
    "windows-scheduled-task": ("scheduled-task",),
    "vulnerability": ("cve",),
    "btc": ("btc",),
    "xmr": ("xmr",),
    "iban": ("iban",),
    "mobile-application-id": ("mobile-app-id",),
    "chrome-extension-id": ("browser-extension-id",),
    "yara": ("yara",),
    "sigma": ("sigma",),
    "snort": ("suricata",),
    "suricata": ("suricata",),
    "stix2-pattern": ("stix-pattern",),
}
WHOLE = {
    "ip-src|port": "ip-port",
    "ip-dst|port": "ip-port",
    "hostname|port": "domain-port",
    "regkey|value": "regvalue",
}
"""Types whose two parts are one value here."""
UNDETECTED = frozenset(
    {"user-agent", "AS", "mac-address", "email-subject", "email-reply-to", "email-src-display-name", "vulnerability"}
    | {"email-message-id", "email-x-mailer", "windows-scheduled-task", "windows-service-name", "named pipe"}
)
"""Types of which MISP sets `to_ids` to false unasked: there it says nothing about the value."""
ABOUT_OTHERS = frozenset(
    {"External analysis", "Internal reference", "Targeting data", "Attribution", "Person", "Support Tool"}
)
"""Categories of what an analyst read, of victims and of persons: none of it is an indicator, whatever its type."""

_GALAXIES = {
    "ransomware": ThreatType.RANSOMWARE.value,
    "stealer": ThreatType.INFOSTEALER.value,
    "botnet": ThreatType.BOTNET.value,
    "rat": ThreatType.MALWARE.value,
    "backdoor": ThreatType.MALWARE.value,
    "banker": ThreatType.MALWARE.value,
    "cryptominers": ThreatType.MALWARE.value,
}
_OWN = re.compile(r'iocmarket:(?P<name>type|threat)="(?P<value>[a-z0-9-]{2,24})"', re.ASCII)
OWN_SPACE = "iocmarket:"
"""Tags that this platform writes (sharing/misp): none of them is the author's."""
SUMMED_UP = f'{OWN_SPACE}marking="strictest"'
"""Of an event: its labels are the strictest of its attributes', each of which says its own."""
_MACHINE_TAG = re.compile(r'(?P<space>[\w-]+):(?P<predicate>[^=]+?)(?:="(?P<value>[^"]*)")?')


def own_type(tags: Iterable[str]) -> str:
    """The type that this platform named, where MISP has none for it; nothing without one."""
    return _own("type", tags)


def own_tags(tags: Iterable[str]) -> frozenset[str]:
    """The tags that this platform added to the author's."""
    listed = list(tags)
    own = {tag for tag in listed if tag.startswith(OWN_SPACE)}
    words = VOCABULARY.get(_own("threat", listed))
    return frozenset(own | {words.rsit} if words else own)


def _own(name: str, tags: Iterable[str]) -> str:
    found = (match for match in map(_OWN.fullmatch, tags) if match and match["name"] == name)
    return next((match["value"] for match in found), "")


def parts_of(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """The values of an attribute with the type of each; nothing for a type that is no indicator here."""
    if kind in WHOLE:
        yield WHOLE[kind], value if kind == "regkey|value" else _endpoint(value)
        return
    parts = PARTS.get(kind, ())
    for name, text in zip(parts, value.split("|") if len(parts) > 1 else [value], strict=False):
        if name is not None and text.strip():
            yield _typed(name, text.strip()), text.strip()


def _endpoint(value: str) -> str:
    host, bar, port = value.rpartition("|")
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}{':' if bar else ''}{port}"


def _typed(name: str, text: str) -> str:
    if name == ADDRESS:
        return "cidr" if "/" in text else "ipv6" if ":" in text else "ipv4"
    if name == FILE:
        return "file-path" if "\\" in text or "/" in text else "filename"
    return name


def threat_of(tags: Iterable[str]) -> str | None:
    """The threat type that the first telling tag means; None where it would be a guess."""
    listed = list(tags)
    own = _own("threat", listed)
    return own if own in VOCABULARY else next(filter(None, map(_threat, listed)), None)


def _threat(tag: str) -> str:
    match = _MACHINE_TAG.fullmatch(tag.strip())
    if (found := threat_of_label(tag)) or match is None:
        return found
    if match["space"] == "misp-galaxy":
        return _GALAXIES.get(match["predicate"].strip().lower(), "")
    if match["space"] == "phishing":
        return ThreatType.PHISHING.value
    words = {word.threat for word in threat_words((match["value"] or match["predicate"]).replace("-", " "))}
    return words.pop().value if len(words) == 1 else threat_of_label(match["value"] or "")
