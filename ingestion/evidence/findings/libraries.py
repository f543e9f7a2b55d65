"""Libraries that Windows loads into every program, every logon or its own services, unless Windows has them so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.findings.base import Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, normal, registry_found, techniques, text
from ingestion.evidence.persistence import (
    APPCERT,
    APPINIT,
    AUTHENTICATION_PACKAGE,
    NETSH_HELPER,
    PASSWORD_FILTER,
    PORT_MONITORS,
    SECURITY_SUPPORT,
    TIME_PROVIDERS,
)

_USUAL: Final[dict[str, frozenset[str]]] = {
    APPINIT: frozenset(),
    APPCERT: frozenset(),
    AUTHENTICATION_PACKAGE: frozenset({"msv1_0"}),
    SECURITY_SUPPORT: frozenset(
        {"kerberos", "msv1_0", "schannel", "wdigest", "tspkg", "pku2u", "livessp", "cloudap", "negoexts", '""'}
    ),
    PASSWORD_FILTER: frozenset({"scecli", "rassfm"}),
    PORT_MONITORS: frozenset(
        {
            "localspl.dll", "tcpmon.dll", "usbmon.dll", "wsdmon.dll", "fxsmon.dll", "appmon.dll", "inetpp.dll",
            "tpvmmon.dll",
        }
    ),
    TIME_PROVIDERS: frozenset(
        {
            "w32time.dll", "c:\\windows\\system32\\w32time.dll", "c:\\windows\\system32\\vmictimeprovider.dll",
            "vmictimeprovider.dll",
        }
    ),
    NETSH_HELPER: frozenset(
        {
            "ifmon.dll", "rasmontr.dll", "authfwcfg.dll", "dhcpcmonitor.dll", "dot3cfg.dll", "fwcfg.dll", "hnetmon.dll",
            "netiohlp.dll", "nettrace.dll", "nshhttp.dll", "nshipsec.dll", "nshwfp.dll", "p2pnetsh.dll",
            "rpcnsh.dll", "wcnnetsh.dll", "whhelper.dll", "wlancfg.dll", "wshelper.dll", "wwancfg.dll",
            "napmontr.dll", "peerdistsh.dll",
        }
    ),
}  # fmt: skip
"""By technique: what Windows and its printers bring."""


def _found(record: Record) -> Iterator[Found]:
    mine = next((one for one in techniques(record) if one in _USUAL), "")
    if not mine or not in_registry(record) or text(record, "registry.value").lower().startswith("load"):
        return  # the switch of AppInit_DLLs says nothing without the list
    named = str(data_of(record)).replace(",", ";").split(";")
    added = [one.strip() for one in named if one.strip() and normal(one) not in _USUAL[mine]]
    if added:
        yield registry_found(record, "libraries", mine, command="; ".join(added))


families.register(Family("libraries", _found))
