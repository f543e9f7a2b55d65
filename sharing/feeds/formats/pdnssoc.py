"""pDNSSOC (CERN): the two plain files that it compares logs of passive DNS with, names and addresses.

It knows no comments, and compares names to the letter: sub-names are not found. It looks in silence, but its lines
cannot say what each value permits, so that only what may be blocked is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import IocType, Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, fetch, formats
from sharing.feeds.formats.names import dns_name
from sharing.feeds.items import Item

_SETS = {"domains": frozenset({Trait.NAME}), "ips": frozenset({Trait.ADDRESS, Trait.NETWORK})}
_CONF = """\
correlation:
  malicious_domains_file: {name}       # {url}
  malicious_ips_file: {name}.ips       # the same address with ?set=ips
"""


class Pdnssoc(LineFormat):
    """One value a line."""

    name = "pdnssoc"
    label = "pDNSSOC"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset().union(*_SETS.values())
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"set": tuple(_SETS)}
    recipes = (
        fetch("pDNSSOC"),
        Recipe("pDNSSOC", "yaml", _CONF, "config.yml"),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Names, or addresses and networks."""
        return [kind for kind in self.types() if kind.traits & _SETS[options["set"]]]

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The value. Raises Unwritable(`not_a_dns_name`)."""
        del options
        return f"{dns_name(item.value) if Trait.NAME in item.traits else item.value}\n"


formats.register(Pdnssoc())
