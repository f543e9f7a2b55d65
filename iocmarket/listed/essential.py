"""The essential set: which of MISP's warning lists the index holds, and what a hit on each means here.

Severities follow domain.md (Blocking guard). Cloud ranges and open resolvers are rented to or run by anybody, attackers
included, so they only ask for a second look; what many share at once (content networks, mail relays, top sites, the
names of shorteners and hosts themselves) never enters a feed that blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from iocmarket.indicators.warninglists.base import Severity
from iocmarket.listed.source import Source, read_misp

# By folder in misp-warninglists.
_BLOCK = (
    "rfc1918 rfc5735 rfc6598 rfc3849 ipv6-linklocal multicast rfc6761 "
    "empty-hashes common-ioc-false-positive ti-falsepositives eicar.com mozilla-CA mozilla-IntermediateCA "
    "tlds second-level-tlds "
    "google google-gmail-sending-ips microsoft microsoft-office365 microsoft-office365-ip microsoft-office365-cn "
    "microsoft-win10-connection-endpoints apple captive-portals crl-hostname crl-ip "
    "cloudflare fastly akamai stackpath ovh-cluster smtp-sending-ips smtp-receiving-ips "
    "tranco10k cisco_top20k cloudflare-top20k "
    "url-shortener link-in-bio lots-project public-ipfs-gateways whats-my-ip"
)
_CONFIRM = (
    "public-dns-v4 public-dns-v6 public-dns-hostname university_domains common-contact-emails "
    "amazon-aws microsoft-azure microsoft-azure-china microsoft-azure-germany microsoft-azure-us-gov google-gcp "
    "oracle-oci github icloud-private-relay zscaler wikimedia "
    "security-provider-blogpost automated-malware-analysis"
)
_INFO = (
    "vpn-ipv4 vpn-ipv6 dynamic-dns disposable-email sinkholes parking-domain googlebot "
    "shadowserver shadowserver-nt-scanning censys-scanning shodan-scanning shodan-nt-scanning onyphe-scanner "
    "onyphe-nt-scanning modat-scanner modat-nt-scanning netsecscan-scanning shadowforce-scanning "
    "internet-census-nt-scanning research-scanner-nt-scanning rapid7-nt-scanning alphastrike-scanning "
    "tenable-cloud-ipv4 tenable-cloud-ipv6"
)
ESSENTIAL: dict[str, Severity] = {
    **dict.fromkeys(_BLOCK.split(), Severity.BLOCK_GUARD),
    **dict.fromkeys(_CONFIRM.split(), Severity.CONFIRM),
    **dict.fromkeys(_INFO.split(), Severity.INFO),
}

# Names that mean themselves alone, whatever their type or a leading dot says: below a popular site or a host of pages
# live others, attackers among them.
_ALONE = {
    *("tranco10k", "cisco_top20k", "cloudflare-top20k", "captive-portals", "url-shortener", "link-in-bio"),
    *("lots-project", "public-ipfs-gateways", "whats-my-ip"),
}
# Names that mean also what lies below them, although the list compares whole values.
_BELOW = frozenset({"university_domains", "microsoft-office365", "rfc6761"})


def sources(folder: Path) -> Iterator[Source]:
    """The lists of the essential set that the folder has (`NAME/list.json` each, as misp-warninglists lays them out).

    Raises OSError, ValueError.
    """
    for name, severity in ESSENTIAL.items():
        path = folder / name / "list.json"
        if path.exists():
            yield _source(name, severity, json.loads(path.read_text(encoding="utf-8")))


def _source(name: str, severity: Severity, document: object) -> Source:
    alone = name in _ALONE
    below = False if alone else True if name in _BELOW else None
    found = read_misp(document, severity=severity, name=name, below=below)
    if alone:
        found.exact |= found.below
        found.below.clear()
    return found


def packaged() -> Path | None:
    """The lists that the package pymispwarninglists brings; None where it is not installed.

    Found without importing it: the package would read all of it.
    """
    from importlib.util import find_spec  # noqa: PLC0415 (asked by the command that builds alone)

    spec = find_spec("pymispwarninglists")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "data" / "misp-warninglists" / "lists"
