"""An address or a name together with a port: where a service answers, when the rest of the machine is not meant.

In running text the port is dropped from an address (with a warning): an endpoint is one only where the type is named.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.addresses import judge_address, parse_ipv4, parse_ipv6
from iocmarket.indicators.types.base import Canonical, IocType, Trait, cleaned, ioc_types, quoted
from iocmarket.indicators.types.names import ascii_name, defanged_name, judge_name
from iocmarket.kernel.decision import Refusal

_SHAPE = re.compile(r"(?:\[(?P<boxed>[^\[\]]+)\]|(?P<bare>[^\s:|\[\]/]+))[:|](?P<port>[0-9]{1,5})")
_BARE_V6 = re.compile(r"(?P<bare>[0-9A-Fa-f:.]+)\|(?P<port>[0-9]{1,5})")


def _split(raw: str) -> tuple[str, int]:
    """Host and port. Raises Refusal: `not_an_endpoint`, `bad_port`, those of `cleaned`."""
    text = cleaned(raw)
    shape = _SHAPE.fullmatch(text) or _BARE_V6.fullmatch(text)  # MISP writes a bar
    if shape is None:
        raise Refusal("not_an_endpoint", "An endpoint is a host, a colon and a port, such as 198.51.100.7:443.")
    port = int(shape["port"])
    if not 0 < port < 65536:
        raise Refusal("bad_port", f"There is no port {port}: they go from 1 to 65535.")
    return shape.groupdict().get("boxed") or shape["bare"], port


class IpPort(IocType):
    """`198.51.100.7:443`, `[2001:db8::1]:443`."""

    name: ClassVar[str] = "ip-port"
    misp_type: ClassVar[str] = "ip-dst|port"
    aliases = frozenset({"ip:port", "ip-dst|port", "ip-src|port"})
    label = _("Address and port")
    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 30
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("198.51.100[.]7:0443", "198.51.100.7:443"),
        ("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
        ("198.51.100.7|8080", "198.51.100.7:8080"),
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: those of `_split` and of an address."""
        del explicit
        host, port = _split(raw)
        address = parse_ipv6(host) if ":" in host else parse_ipv4(host)
        shown = f"[{address}]" if address.version == 6 else str(address)
        return Canonical(f"{shown}:{port}", warnings=judge_address(address))

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """A property of our own: whoever took `dst_ref.value AND dst_port` apart would block the whole address."""
        del subtree
        return f"[network-traffic:x_endpoint = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`198.51.100[.]7:443`."""
        host, _colon, port = value.rpartition(":")
        return (
            f"{'[:]' if host.startswith('[') else '[.]'}".join(host.rsplit(":" if host.startswith("[") else ".", 1))
            + f":{port}"
        )

    def host_address(self, value: str) -> str | None:
        """The address, for the blocking guard."""
        return str(ip_address(value.rpartition(":")[0].strip("[]")))


class DomainPort(IocType):
    """`evil.org:8443`."""

    name: ClassVar[str] = "domain-port"
    misp_type: ClassVar[str] = "hostname|port"
    aliases = frozenset({"domain:port", "hostname|port"})
    label = _("Domain and port")
    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 90
    examples: ClassVar[tuple[tuple[str, str], ...]] = (("EVIL-CAS[.]FR:8443", "evil-cas.fr:8443"),)

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: those of `_split` and of a DNS name."""
        del explicit
        host, port = _split(raw)
        name = ascii_name(host)
        if name.replace(".", "").isdigit():
            raise Refusal("not_a_name", "This is an address, not a DNS name.")
        return Canonical(f"{name}:{port}", warnings=judge_name(name)[1])

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """As of an address and port."""
        del subtree
        return f"[network-traffic:x_endpoint = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`evil[.]org:8443`."""
        name, _colon, port = value.rpartition(":")
        return f"{defanged_name(name)}:{port}"

    def dns_name(self, value: str) -> str | None:
        """The name, for the blocking guard."""
        return value.rpartition(":")[0]


ioc_types.register(IpPort())
ioc_types.register(DomainPort())
