"""Remote Desktop: who came from where, and where people of this machine went."""

from __future__ import annotations

from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import Data, Meaning, Provider, address, number, providers, text

RDP: Final = "T1021.001"
_SESSION: Final = {"user": "User", "source.ip": "Address"}


def _session(action: str, kind: str, says: str, technique: str = "") -> Meaning:
    sentence = f"Remote Desktop: session {{SessionID}} of {{User}} {says} {{Address}}"
    return Meaning(action, "session", kind, sentence, _SESSION, technique)


def _outward(data: Data, found: Fields) -> None:
    """The name or address that the client was told to go to."""
    to = text(data.get("Value")) or ""
    if address(to):
        found["destination.ip"] = address(to)
    elif to:
        found["url.domain"] = to


def _client(data: Data, found: Fields) -> None:
    """`192.0.2.1:50123` or `[2001:db8::1]:50123`."""
    host, _, port = (text(data.get("ClientIP")) or "").rpartition(":")
    if address(host.strip("[]")):
        found["source.ip"], found["network.transport"] = (
            address(host.strip("[]")),
            (text(data.get("ConnType")) or "").lower(),
        )
        if number(port):
            found["source.port"] = number(port)


providers.register(
    Provider(
        "local-session-manager",
        ("Microsoft-Windows-TerminalServices-LocalSessionManager",),
        {
            21: _session("logged-in-session", "start", "began from", RDP),
            22: _session("started-shell", "start", "has its desktop, from"),
            23: _session("logged-out-session", "end", "ended"),
            24: _session("session-disconnected", "end", "was left from"),
            25: _session("session-reconnected", "start", "was taken up again from", RDP),
        },
    )
)
providers.register(
    Provider(
        "remote-connection-manager",
        ("Microsoft-Windows-TerminalServices-RemoteConnectionManager",),
        {
            1149: Meaning(
                "authenticated-remotely",
                "authentication",
                "start",
                r"Remote Desktop: {Param2}\{Param1} authenticated from {Param3}",
                {"user.name": "Param1", "user.domain": "Param2", "source.ip": "Param3"},
                RDP,
            ),
            261: Meaning(
                "connection-received", "network", "connection", "Remote Desktop: {listenerName} was connected to"
            ),
        },
    )
)
providers.register(
    Provider(
        "remote-desktop-core",
        ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",),
        {
            131: Meaning(
                "connection-received",
                "network",
                "connection",
                "Remote Desktop: {ConnType} connection from {ClientIP}",
                more=_client,
            ),
        },
    )
)
providers.register(
    Provider(
        "remote-desktop-client",
        ("Microsoft-Windows-TerminalServices-ClientActiveXCore",),
        {
            1024: Meaning(
                "connecting-remotely", "network", "start", "Remote Desktop client goes to {Value}", more=_outward
            ),
            1102: Meaning(
                "connecting-remotely", "network", "start", "Remote Desktop client goes to {Value}", more=_outward
            ),
        },
    )
)
