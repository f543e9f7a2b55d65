"""Our types and values as MISP writes them (describeTypes), and the table of types that we tell clients. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ingestion.readers.misp_types import PARTS, UNDETECTED, WHOLE, parts_of
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.decision import Refusal

CATEGORIES = (
    "Internal reference", "Targeting data", "Antivirus detection", "Payload delivery", "Artifacts dropped",
    "Payload installation", "Persistence mechanism", "Network activity", "Payload type", "Attribution",
    "External analysis", "Financial fraud", "Support Tool", "Social network", "Person", "Other",
)  # fmt: skip
"""MISP's, in its order."""
_SOURCES = frozenset(
    {"scan", "brute-force", "exploitation", "ddos", "spam", "scam", "suspicious-vpn", "account-compromise"}
)
"""Threat types of which an address is where the attack comes from; of the others, what victims connect to."""
_CATEGORY = {
    **dict.fromkeys(("yara", "sigma", "stix2-pattern"), "Payload installation"),
    **dict.fromkeys(("regkey", "regkey|value"), "Persistence mechanism"),
    **dict.fromkeys(("mutex", "named pipe", "windows-service-name", "windows-scheduled-task"), "Artifacts dropped"),
    **dict.fromkeys(("btc", "xmr", "iban"), "Financial fraud"),
    **dict.fromkeys(("vulnerability", "link"), "External analysis"),
    **dict.fromkeys(("phone-number", "text", "other", "comment"), "Other"),
    "email": "Social network",
}
_PAYLOAD = frozenset({"md5", "sha1", "sha256", "sha512", "imphash", "ssdeep", "tlsh", "authentihash", "malware-sample"})
_ENDPOINTS = frozenset({"ip-port", "domain-port"})
UNJUDGED = frozenset({"AS", "user-agent", "mac-address", "vulnerability", "phone-number", "text", "other", "comment"})
"""Types by which nobody blocks anything: MISP takes them into no list, whatever `to_ids` says."""
NEUTRAL = ("text", "other", "comment", "link")
"""Types that are read over in silence: clients write them beside indicators."""


class Written(NamedTuple):
    """A value as an attribute has it."""

    type: str
    value: str
    named: str
    """Our type, where a reader would not find it from MISP's type and the value; else nothing."""


@lru_cache(maxsize=4096)
def written(type_name: str, value: str, *, threat_type: str, subtree: bool) -> Written:
    """The value in MISP's words."""
    kind = _kind(type_name, threat_type, subtree=subtree)
    text = text_of(type_name, value)
    back = next(parts_of(kind, text), None)
    same = back is not None and _canonical(*back) == (type_name, value)
    return Written(kind, text, "" if same else type_name)


def _kind(type_name: str, threat_type: str, *, subtree: bool) -> str:
    kind = ioc_types[type_name].misp_type
    if kind.startswith("ip-dst") and threat_type in _SOURCES:
        return kind.replace("ip-dst", "ip-src")
    if kind == "domain" and not subtree:
        return "hostname"
    return kind


def text_of(type_name: str, value: str) -> str:
    """A value as an attribute has it, for who needs nothing else of it."""
    if type_name == "asn":
        return value.removeprefix("AS")  # clients convert it to a number
    if type_name in _ENDPOINTS:
        host, _, port = value.rpartition(":")
        return f"{host.strip('[]')}|{port}"
    return value


def _canonical(type_name: str, text: str) -> tuple[str, str]:
    try:
        return type_name, ioc_types[type_name].normalise(text, explicit=True).value
    except (KeyError, Refusal):
        return type_name, ""


def category_of(kind: str) -> str:
    """The category under which MISP files a type."""
    if kind in _CATEGORY:
        return _CATEGORY[kind]
    delivered = kind in _PAYLOAD or kind.startswith(("filename", "email-", "mobile-", "chrome-"))
    return "Payload delivery" if delivered else "Network activity"


def misp_types() -> list[str]:
    """The types that we read or write."""
    ours = {kind.misp_type for kind in ioc_types}
    return sorted({*PARTS, *WHOLE, *ours, *NEUTRAL})


def describe_types() -> dict[str, Any]:
    """What `attributes/describeTypes` answers."""
    types = misp_types()
    return {
        "sane_defaults": {
            kind: {"default_category": category_of(kind), "to_ids": int(kind not in UNDETECTED | UNJUDGED)}
            for kind in types
        },
        "types": types,
        "categories": list(CATEGORIES),
        "category_type_mappings": {name: [kind for kind in types if category_of(kind) == name] for name in CATEGORIES},
    }


def our_types(kinds: frozenset[str]) -> frozenset[str]:
    """Those of our types that may be written as one of these of MISP's, in small letters."""
    return frozenset(kind.name for kind in ioc_types if kinds & {x.casefold() for x in _spellings(kind.misp_type)})


def _spellings(kind: str) -> frozenset[str]:
    if kind.startswith("ip-dst"):
        return frozenset({kind, kind.replace("ip-dst", "ip-src")})
    return frozenset({kind, "hostname"}) if kind == "domain" else frozenset({kind})
