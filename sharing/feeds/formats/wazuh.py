"""Wazuh: a list of keys and values (CDB) that rules ask for a field of an event.

Keys are unique, and one with a colon stands between double quotes. Networks are dotted beginnings of an address
(`203.0.113.`), which is all that `address_match_key` knows, and knows of IPv4 only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Unwritable
from sharing.feeds.shapes import ADDRESSES, OF_A_KIND, OneOfSeveral

_KEY = re.compile(r"[^\s\"\x00-\x20\x7f]+")
_RULES = """\
<group name="iocmarket,">
  <rule id="100900" level="10">
    <if_group>syslog</if_group>
    <list field="srcip" lookup="address_match_key">etc/lists/iocmarket</list>
    <description>IOC market: address of an attacker</description>
  </rule>
</group>
"""


class Wazuh(OneOfSeveral):
    """`key:threats tlp-green pap-green`; without `list` all that rules compare with a field."""

    name = "wazuh"
    label = "Wazuh"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.DETECT
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL, Trait.FILE_HASH})
    also = frozenset({"email"})
    lists = OF_A_KIND
    chooser = "list"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"list": tuple(lists)}
    recipes = (
        fetch("Wazuh", then="cp {name} /var/ossec/etc/lists/iocmarket && /var/ossec/bin/wazuh-control reload"),
        Recipe("Wazuh", "xml", "<list>etc/lists/iocmarket</list>\n", "ossec.conf, <ruleset>"),
        Recipe("Wazuh", "xml", _RULES, "etc/rules/local_rules.xml"),
    )

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One key. Raises Unwritable: `part_of_an_octet`, `not_one_line`."""
        del options
        key = _beginning(item.value) if Trait.NETWORK in item.traits else item.value
        if _KEY.fullmatch(key) is None:
            raise Unwritable("not_one_line")
        said = " ".join([*item.threat_types, f"tlp-{item.marking.tlp.slug}", f"pap-{item.marking.pap.slug}"])
        return f'"{key}":{said}\n' if ":" in key else f"{key}:{said}\n"


def _beginning(value: str) -> str:
    """`203.0.113.` of 203.0.113.0/24."""
    network = ip_network(value)
    if network.version == 6 or network.prefixlen % 8 or not network.prefixlen:
        raise Unwritable("part_of_an_octet")
    return "".join(f"{octet}." for octet in str(network.network_address).split(".")[: network.prefixlen // 8])


formats.register(Wazuh())
