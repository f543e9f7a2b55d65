"""Names of threats in the vocabularies of other tools, and the threat type of ours that each means. Pure."""

from __future__ import annotations

from ingestion.readers.threat_words import threat_words
from iocmarket.indicators.threats import VOCABULARY, ThreatType

# Words of STIX's open vocabularies, of MISP and of the large feeds that are not called like ours.
_THREATS = {
    "anonymization": ThreatType.SUSPICIOUS_VPN,
    "bruteforce": ThreatType.BRUTE_FORCE,
    "command-and-control": ThreatType.C2,
    "c&c": ThreatType.C2,
    "cnc": ThreatType.C2,
    "cc": ThreatType.C2,
    "botnet-cc": ThreatType.C2,
    "exploit": ThreatType.EXPLOITATION,
    "payload": ThreatType.MALWARE,
    "payload-delivery": ThreatType.MALWARE,
    "malware-download": ThreatType.MALWARE,
    "scanner": ThreatType.SCAN,
    "scanning": ThreatType.SCAN,
    "stealer": ThreatType.INFOSTEALER,
    **{words.rsit: ThreatType(name) for name, words in reversed(VOCABULARY.items())},
    **{kind.value: kind for kind in ThreatType},
}


def is_threat_name(text: str) -> bool:
    """Whether a label is nothing but one of these names."""
    return text in _THREATS


def threat_of_label(text: str) -> str:
    """The threat type that a label names; empty for one that names none."""
    found = _THREATS.get(text.strip().lower().replace(" ", "-").replace("_", "-")) or _THREATS.get(text.strip())
    return found.value if found is not None else ""


def threat_named(text: str) -> str:
    """The threat type that a short text names, also in a sentence of its own; empty for one that names none."""
    if (found := threat_of_label(text)) or len(text) > 200:
        return found
    words = threat_words(text)
    return words[0].threat.value if words else ""
