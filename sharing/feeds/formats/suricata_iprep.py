"""IP reputation for Suricata: a file of categories and a file of addresses and networks with scores.

`id,short name,description`, ids from 1 to 59; `address,category,score`, scores from 0 to 127. Neither has comments that
say a value's labels: blocking rules apply. Category 1 holds every value, the others one kind of threat each.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Meta

HIGHEST = 127
EVERY = "IOC"
_NAMES = (
    EVERY, "scan", "brute-force", "exploitation", "phishing", "scam", "spam", "account-compromise", "infostealer",
    "malware", "dropper", "ransomware", "c2", "botnet", "webshell", "ddos", "data-leak", "suspicious-vpn", "other",
)  # fmt: skip
CATEGORIES = {name: number for number, name in enumerate(_NAMES, start=1)}
"""EVERY and each threat type. Consumers hold these numbers: a new threat type comes at the end."""
_CONF = """\
reputation-categories-file: /etc/suricata/iprep/categories.txt   # this feed with ?file=categories
default-reputation-path: /etc/suricata/iprep
reputation-files:
  - {name}
"""
_RULE = (
    'alert ip any any -> any any (msg:"IOC market reputation"; iprep:any,IOC,>,50; '
    "threshold:type limit,track by_both,count 1,seconds 3600; sid:1000002; rev:1;)\n"
)


class SuricataIprep(LineFormat):
    """Addresses and networks; `file=categories` gives the file that names the categories."""

    name = "suricata/iprep"
    label = _("Suricata: IP reputation")
    media_type = "text/csv; charset=utf-8"
    extension = "list"
    mode = Mode.BLOCK
    accepts = frozenset({Trait.ADDRESS, Trait.NETWORK})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"file": ("reputation", "categories")}
    recipes = (
        fetch("Suricata", then="suricatasc -c ruleset-reload-nonblocking"),
        Recipe("Suricata", "yaml", _CONF, "suricata.yaml"),
        Recipe("Suricata", "text", _RULE, _("a rule of yours")),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """No value stands in the file of categories."""
        return self.types() if options["file"] == "reputation" else []

    def header(self, meta: Meta) -> bytes:
        """The categories, where they are asked for."""
        if meta.options.get("file") != "categories":
            return b""
        return "".join(f"{number},{name},IOC market {name}\n" for name, number in CATEGORIES.items()).encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One line for each of its categories."""
        del options
        network = ipaddress.ip_network(item.value)
        value = str(network.network_address) if network.num_addresses == 1 else str(network)
        score = min(HIGHEST, round(item.score * HIGHEST / 100))
        kinds = [CATEGORIES[EVERY], *(CATEGORIES[threat] for threat in item.threat_types)]
        return "".join(f"{value},{kind},{score}\n" for kind in kinds)


formats.register(SuricataIprep())
