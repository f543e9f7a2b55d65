"""Country and autonomous system of an address, from files on this machine.

A URL is enriched when its host is written as an address. A domain name never is: to learn its address somebody would
have to resolve it, and the attacker's name server would see that (PAP).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from ingestion.enrichment.enrichers.base import Enricher, Facts, enrichers
from ingestion.enrichment.ipdata.store import ip_data
from ingestion.enrichment.policy import PapClass
from iocmarket.indicators.types.base import Trait, ioc_types


class IpContext(Enricher):
    """`country` (ISO 3166-1 alpha-2), `asn`, `as_name` where known, `range`: the block of which the data say so."""

    name = "ip-context"
    pap_class = PapClass.LOCAL
    traits = frozenset({Trait.ADDRESS, Trait.NETWORK, Trait.URL})
    examples = (
        ("ipv4", "192.0.2.7", None),
        ("domain", "cas-univ-valbrune-connexion.top", None),
        ("url", "https://cas-univ-valbrune-connexion.top/login", None),
    )

    def dataset_version(self) -> str:
        """Name and date of every file in use."""
        return ip_data().version[:200]

    def enrich(self, value: str, type_name: str) -> Facts | None:
        """Facts of the address, or of the network when the data say one thing of all of it."""
        network = network_of(value, type_name)
        if network is None:
            return None
        found = ip_data().lookup(network.network_address)
        if found is None or network.prefixlen < found[1].prefixlen:
            return None
        facts, block = found
        answer: Facts = {"range": str(block)}
        if facts.country:
            answer["country"] = facts.country
        if facts.asn:
            answer["asn"] = facts.asn
        if facts.as_name:
            answer["as_name"] = facts.as_name
        return answer


def network_of(value: str, type_name: str) -> IPv4Network | IPv6Network | None:
    """The address or network that a value is or names literally; None when it would have to be resolved."""
    kind = ioc_types.get(type_name)
    if kind is None:
        return None
    text = kind.network(value)
    if text is None and Trait.URL in kind.traits:
        text = _literal_host(value)
    return None if text is None else ip_network(text, strict=False)


def _literal_host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname or ""
        return str(ip_address(host))
    except ValueError:  # a name, or a URL that Python's reader refuses: either way there is no literal address
        return None


enrichers.register(IpContext())
