"""Datasets for Suricata: one file for each kind of value, which one rule of the site loads (`dataset:isset,…`).

Suricata 7 reads `string` as Base64, `sha256` and `md5` as hexadecimal, `ip` as addresses of both families; a comment
would be read as a value. Sets are exact: 7.0 takes `match subdomain` without a word and does not match sub-names, so
names that mean their sub-names are written as rules (suricata.py). No line says its labels: blocking rules apply.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from iocmarket.indicators.types.files import name_of
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, fetch, formats
from sharing.feeds.items import Item
from sharing.feeds.suricata_matches import colons


class _Set(NamedTuple):
    """What a set holds, and how the site's rule reads it."""

    types: tuple[str, ...]
    kind: str
    buffer: str


SETS = {
    "names": _Set(("domain",), "string", "dns dns.query; to_lowercase;"),
    "ips": _Set(("ipv4", "ipv6"), "ip", "ip ip.dst;"),
    # Whole addresses of pages stand where a client asks a proxy for them; `http.location` has them in redirections.
    "urls": _Set(("url",), "string", "http http.uri.raw;"),
    "sha256": _Set(("sha256",), "sha256", "http file.data; to_sha256;"),
    "md5": _Set(("md5",), "md5", "http file.data; to_md5;"),
    "ja3": _Set(("ja3",), "string", "tls ja3.hash;"),
    "ja3s": _Set(("ja3s",), "string", "tls ja3s.hash;"),
    "ja4": _Set(("ja4",), "string", "tls ja4.hash;"),
    "hassh": _Set(("hassh",), "string", "ssh ssh.hassh;"),
    "certificates": _Set(("x509-sha1",), "string", "tls tls.cert_fingerprint;"),
    "user-agents": _Set(("user-agent",), "string", "http http.user_agent;"),
    "files": _Set(("attachment-name", "filename"), "string", "tcp file.name;"),
}


def rule_for(name: str, file: str, sid: int) -> str:
    """The rule that a site writes once for a set in a file beside its rules."""
    _types, kind, buffer = SETS[name]
    protocol, _, match = buffer.partition(" ")
    load = f"dataset:isset,iocmarket-{name},type {kind},load {file},memcap 256mb,hashsize 65536;"
    return f'alert {protocol} any any -> any any (msg:"IOC market set {name}"; {match} {load} sid:{sid}; rev:1;)\n'


class SuricataDatasets(LineFormat):
    """One value a line; `set` says which."""

    name = "suricata/datasets"
    label = _("Suricata: datasets")
    media_type = "text/plain; charset=utf-8"
    extension = "lst"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.ADDRESS, Trait.NAME, Trait.URL, Trait.FILE_NAME})
    also = frozenset({"sha256", "md5", "ja3", "ja3s", "ja4", "hassh", "x509-sha1", "user-agent"})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"set": tuple(SETS)}
    recipes = (
        fetch("Suricata", then="suricatasc -c ruleset-reload-nonblocking", note=_("one request for each set")),
        Recipe("Suricata", "text", rule_for("names", "{name}", 1_000_001), _("a rule of yours that loads a set")),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Those of the set."""
        return [ioc_types[name] for name in SETS[options["set"]].types]

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The value as the type of the set has it."""
        value = _seen(item)
        if SETS[options["set"]].kind == "string":
            value = base64.b64encode(value.encode()).decode()
        return f"{value}\n"

    def entry(self, item: Item, options: Mapping[str, str]) -> str:
        """Two paths may end in one name of a file."""
        del options
        return _seen(item) if Trait.FILE_NAME in item.traits else ""


def _seen(item: Item) -> str:
    """As the buffer has it."""
    if item.type == "x509-sha1":
        return colons(item.value)
    return name_of(item.value) if Trait.FILE_NAME in item.traits else item.value


formats.register(SuricataDatasets())
