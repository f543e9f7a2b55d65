"""Threat types: the community's own words, and what each is called in the field's vocabularies.

RSIT is the Reference Security Incident Taxonomy (ENISA/TF-CSIRT, machine tags `rsit:class="type"`); `indicator_types`
is the open vocabulary of STIX 2.1 section 10.7; the category is MISP's (describeTypes).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ThreatType(TextChoices):
    """What the value was used for."""

    SCAN = "scan", _("Scan")
    BRUTE_FORCE = "brute-force", _("Brute force")
    EXPLOITATION = "exploitation", _("Exploitation")
    PHISHING = "phishing", _("Phishing")
    SCAM = "scam", _("Scam")
    SPAM = "spam", _("Spam")
    ACCOUNT_COMPROMISE = "account-compromise", _("Account compromise")
    INFOSTEALER = "infostealer", _("Infostealer")
    MALWARE = "malware", _("Malware")
    DROPPER = "dropper", _("Dropper")
    RANSOMWARE = "ransomware", _("Ransomware")
    C2 = "c2", _("Command and control")
    BOTNET = "botnet", _("Botnet")
    WEBSHELL = "webshell", _("Webshell")
    DDOS = "ddos", _("Denial of service")
    DATA_LEAK = "data-leak", _("Data leak")
    SUSPICIOUS_VPN = "suspicious-vpn", _("Suspicious VPN")
    OTHER = "other", _("Other")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One threat type in the words of others."""

    rsit: str
    stix: str
    misp_category: str


VOCABULARY: dict[str, Vocabulary] = {
    "scan": Vocabulary('rsit:information-gathering="scanner"', "anomalous-activity", "Network activity"),
    "brute-force": Vocabulary('rsit:intrusion-attempts="brute-force"', "malicious-activity", "Network activity"),
    "exploitation": Vocabulary('rsit:intrusion-attempts="exploit"', "malicious-activity", "Network activity"),
    "phishing": Vocabulary('rsit:fraud="phishing"', "malicious-activity", "Payload delivery"),
    "scam": Vocabulary('rsit:fraud="masquerade"', "malicious-activity", "Payload delivery"),
    "spam": Vocabulary('rsit:abusive-content="spam"', "anomalous-activity", "Payload delivery"),
    "account-compromise": Vocabulary('rsit:intrusions="user-account-compromise"', "compromised", "Network activity"),
    "infostealer": Vocabulary('rsit:malicious-code="infected-system"', "malicious-activity", "Payload installation"),
    "malware": Vocabulary('rsit:malicious-code="malware-distribution"', "malicious-activity", "Payload installation"),
    "dropper": Vocabulary('rsit:malicious-code="malware-distribution"', "malicious-activity", "Payload delivery"),
    "ransomware": Vocabulary('rsit:malicious-code="infected-system"', "malicious-activity", "Payload installation"),
    "c2": Vocabulary('rsit:malicious-code="c2-server"', "malicious-activity", "Network activity"),
    "botnet": Vocabulary('rsit:malicious-code="infected-system"', "malicious-activity", "Network activity"),
    "webshell": Vocabulary('rsit:intrusions="application-compromise"', "malicious-activity", "Payload installation"),
    "ddos": Vocabulary('rsit:availability="ddos"', "malicious-activity", "Network activity"),
    "data-leak": Vocabulary('rsit:information-content-security="data-leak"', "malicious-activity", "Other"),
    "suspicious-vpn": Vocabulary('rsit:intrusion-attempts="brute-force"', "anonymization", "Network activity"),
    "other": Vocabulary('rsit:other="undetermined"', "unknown", "Other"),
}
