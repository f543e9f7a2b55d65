"""Words that say what a value was used for, in French and English: one table, from the community's own messages.

A word proposes; the sender decides. Longer phrases stand before the words in them, narrower threats before wider ones.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from iocmarket.indicators.threats import ThreatType

_WORDS: dict[ThreatType, str] = {
    ThreatType.SUSPICIOUS_VPN: (
        r"vpn (?:suspects?|anonymes?|commercia(?:l|ux))|suspicious vpn|anonymi[sz]ers?|"
        r"n(?:œ|oe)uds? de sortie tor|tor exit|nordvpn|mullvad|protonvpn"
    ),
    ThreatType.ACCOUNT_COMPROMISE: (
        r"comptes? (?:compromis|piratés?|volés?|usurpés?)|(?:compromised|hacked|stolen) accounts?|"
        r"account takeover"
    ),
    ThreatType.BRUTE_FORCE: (
        r"brute[ -]?forc\w*|forces? brutes?|password[ -]spray\w*|spraying|credential[ -]stuffing|"
        r"failed passwords?|bourrage d['’]identifiants|attaques? par dictionnaire|dictionary attacks?|"
        r"échecs? d['’]authentification"
    ),
    ThreatType.INFOSTEALER: (
        r"info[ -]?stealers?|stealers?|voleurs? d['’]informations?|redline|lumma(?:c2)?|vidar|raccoon|stealc|"
        r"agent ?tesla"
    ),
    ThreatType.RANSOMWARE: (r"ransomwares?|ran[cç]ongiciels?|rançons?|lockbit|black ?cat|alphv|akira|ransom notes?"),
    ThreatType.PHISHING: (
        r"(?:spear[ -]?)?phish\w*|hame[cç]onn\w*|filoutage|smishing|quishing|vishing|"
        r"credential (?:harvest\w*|theft)|vols? d['’]identifiants|"
        r"fau(?:x|sse)s? (?:portails?|sites?|pages?|mires?)|fake (?:login|portal|page)s?|typosquat\w*"
    ),
    ThreatType.SCAM: (
        r"scams?|arnaques?|escroqueries?|fraudes? au président|faux (?:ribs?|virements?|supports?)|"
        r"fausses? factures?|business email compromise|sextorsions?|sextortions?|extorsions?|tech support"
    ),
    ThreatType.SPAM: (r"spams?|pourriels?|spamming|courriers? indésirables?"),
    ThreatType.WEBSHELL: (r"web[ -]?shells?|china chopper|b374k|wso shell"),
    ThreatType.DDOS: (r"ddos\w*|dénis? de service|denial of service|booters?|amplification attacks?"),
    ThreatType.DATA_LEAK: (
        r"fuites? de données|sites? de fuites?|data (?:leaks?|breach(?:es)?)|leak sites?|exfiltr\w*"
    ),
    ThreatType.C2: (
        r"c2|c&c|cnc|command[ -](?:and|&)[ -]control|serveurs? de (?:commande|contrôle)\w*|"
        r"commande et contrôle|beacon\w*|cobalt[ -]?strike|sliver|havoc|brute ratel|implants?"
    ),
    ThreatType.DROPPER: (r"droppers?|loaders?|downloaders?|malvertising|injecteurs?|stage ?[12]|payload delivery"),
    ThreatType.BOTNET: (r"botnets?|machines? zombies?|mirai|mozi"),
    ThreatType.EXPLOITATION: (
        r"(?<!d['’])exploit(?:ation|ations|ed|ing|s|é|és|ée|ées|e|ent)?|injections? sql|sql injections?|"
        r"log4shell|proxyshell|remote code execution|exécution de code|directory traversal"
    ),
    ThreatType.SCAN: (r"scans?|scann(?:ing|ed|ers?|e|ent|é|és)|balayages?|reconnaissances?|port sweeps?|énumérations?"),
    ThreatType.MALWARE: (
        r"malwares?|maliciels?|(?:logiciels?|codes?) malveillants?|trojans?|cheva(?:l|ux) de troie|virus|"
        r"backdoors?|portes? dérobées?|keyloggers?|enregistreurs? de frappe|rootkits?|cryptominers?"
    ),
}
_DENIED = re.compile(
    r"\b(?:"
    r"faux[ -]positifs?|false[ -]positives?|légitimes?|legit(?:imate)?|bénins?|bénignes?|benign|"
    r"not malicious|non malveillante?s?|sinkhol\w*|liste blanche|allow[ -]?list\w*|white[ -]?list\w*"
    r")\b",
    re.IGNORECASE,
)


class Word(NamedTuple):
    """One threat word of a line: where it stands and what it proposes."""

    start: int
    end: int
    threat: ThreatType


@cache
def _expression() -> re.Pattern[str]:
    groups = "|".join(f"(?P<{kind.name}>{words})" for kind, words in _WORDS.items())
    return re.compile(rf"(?<![\w/.@-])(?:{groups})(?![\w@])", re.IGNORECASE)


@cache
def _signs() -> re.Pattern[str]:
    """The same words without their meaning, in lower case: five times faster to look for."""
    return re.compile(rf"(?<![\w/.@-])(?:{'|'.join(_WORDS.values())})(?![\w@])")


def threat_words(text: str) -> tuple[Word, ...]:
    """The threat words of a line, from left to right."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text  # a letter that has no lower case of one character: places count more than such a word
    meanings = _expression()
    found = (meanings.match(text, sign.start()) for sign in _signs().finditer(lowered))
    return tuple(
        Word(match.start(), match.end(), ThreatType[match.lastgroup])
        for match in found
        if match is not None and match.lastgroup is not None
    )


# Of each alternative of the expression above a part that its lower case holds, whatever the accents and letters around.
_DENIALS = (
    *("faux", "false", "gitime", "legit", "nin", "nign", "not malicious", "malveillant", "sinkhol"),
    *("liste blanche", "allow", "white"),
)


def may_deny(text: str) -> bool:
    """Whether `denied` may be true of any line of a text."""
    folded = text.lower()
    return any(part in folded for part in _DENIALS)


def denied(text: str) -> bool:
    """Whether a line says that its values are harmless: legitimate, a false positive, a sinkhole."""
    return _DENIED.search(text) is not None
