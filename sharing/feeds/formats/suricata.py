"""Suricata rules (`alert`): passive detection, so every PAP may be carried, and each rule says its labels.

How each kind of value is seen stands in sharing/feeds/suricata_matches.py. Hashes of files need lists in files beside
the rules: `lists=yes` adds the rules that load those, which `/feeds/hash-list` gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.signatures import facts, message
from sharing.feeds.suricata_matches import NAME_BUFFERS, TYPES, matches
from sharing.feeds.suricata_submitted import submitted

SLOTS = 4
"""Rule numbers that one value holds: `sid` … `sid + 3`."""
FIRST_SID, RESERVED = 9_000_000, 1000
"""Numbers from the first on are ours; the first thousand belong to no value."""
_REV_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_UNSAID = re.compile(r"[^A-Za-z0-9 .,()/_+-]+")
_LISTS = ("sha256", "sha1", "md5")
_UPDATE = """\
suricata-update add-source --no-checksum --http-header 'Authorization: Bearer {token}' iocmarket '{url}'
suricata-update --reload-command 'suricatasc -c ruleset-reload-nonblocking'
"""


class Suricata(LineFormat):
    """Names in DNS, TLS and HTTP, addresses and networks in either direction, web addresses and user agents in HTTP,
    names of files in whatever protocol carries them, senders of mail, fingerprints of TLS, SSH and certificates.
    """

    name = "suricata"
    label = "Suricata"
    media_type = "text/plain; charset=utf-8"
    extension = "rules"
    mode = Mode.DETECT
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK, Trait.URL, Trait.FILE_NAME, Trait.MAIL})
    also = TYPES | {"suricata"}
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "names": ("all", *NAME_BUFFERS),
        "lists": ("no", "yes"),
        "rules": ("all", "generated", "submitted"),
    }
    recipes = (
        Recipe("Suricata", "sh", _UPDATE, "suricata-update"),
        fetch("Suricata", then="suricatasc -c ruleset-reload-nonblocking", note=_("or without suricata-update")),
        Recipe("Suricata", "yaml", "rule-files:\n  - {name}\n", "suricata.yaml"),
    )
    numbered = True

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Values, submitted rules, or both."""
        wanted = {"all": {True, False}, "submitted": {True}, "generated": {False}}[options["rules"]]
        return [kind for kind in self.types() if (kind.name == "suricata") in wanted]

    def header(self, meta: Meta) -> bytes:
        """Comments, and the rules that load lists of hashes."""
        lists = _LISTS if meta.options.get("lists") == "yes" else ()
        rules = [
            f'alert tcp any any -> any any (msg:"IOC market {name}"; flow:established; '
            f"file{name}:iocmarket-{name}.txt; sid:{FIRST_SID + number}; rev:1;)\n"
            for number, name in enumerate(lists)
        ]
        return comments("#", meta) + "".join(rules).encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The rules of one value. Raises Unwritable: `not_http`, `rule_refused`."""
        if item.sid is None:
            raise ValueError("a rule needs a number")
        if item.type == "suricata":
            return _submitted(item, item.sid)
        return "".join(
            f"alert {protocol} {ends} ({message(item)} {match} {facts(item)} "
            f"sid:{item.sid + slot}; rev:{revision(item)};)\n"
            for slot, (protocol, ends, match) in matches(item, options["names"])
        )


def _submitted(item: Item, sid: int) -> str:
    protocol, ends, options = submitted(item.value)
    said = " ".join(_UNSAID.sub(" ", ioc_types["suricata"].title(item.value)).split())[:200]
    named = f'msg:"{said} - IOC market {" ".join(item.threat_types)}";'
    return f"alert {protocol} {ends} ({named} {options} {facts(item)} sid:{sid}; rev:{revision(item)};)\n"


def revision(item: Item) -> int:
    """Seconds since 2020: a rule that changed has a higher one than before."""
    return max(1, int((item.changed - _REV_SINCE).total_seconds()))


formats.register(Suricata())
