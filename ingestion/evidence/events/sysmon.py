"""Sysmon. Names of data: `sysmon -s`, the schema that the tool prints."""

from __future__ import annotations

from typing import Final

from ingestion.evidence import persistence
from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import Data, Meaning, Provider, providers, text

_USER: Final = {"user": "User"}
_IMAGE: Final = {**_USER, "process.pid": "ProcessId", "process.executable": "Image"}
_SOURCE: Final = {"user": "SourceUser", "process.pid": "SourceProcessId", "process.executable": "SourceImage"}
_HASHES: Final = {"MD5": 32, "SHA1": 40, "SHA256": 64}


def _hashes(data: Data, found: Fields) -> None:
    """`SHA1=…,MD5=…,SHA256=…,IMPHASH=…`; which of them there are is a setting of Sysmon."""
    for part in (text(data.get("Hashes") or data.get("Hash")) or "").split(","):
        name, _, digest = part.strip().partition("=")
        if len(digest) == _HASHES.get(name):
            found[f"file.hash.{name.lower()}"] = digest.lower()


def _process(data: Data, found: Fields) -> None:
    _hashes(data, found)
    if "file.hash.sha256" in found:
        found["process.hash.sha256"] = found["file.hash.sha256"]
    if "process.executable" in found:
        found["file.path"], found["file.name"] = found["process.executable"], found["process.name"]


def _registry(data: Data, found: Fields) -> None:
    """A write to a place from which programs are started is a trace of its technique; a deletion is not."""
    kind, place = text(data.get("EventType")) or "", text(data.get("TargetObject")) or ""
    if kind in {"CreateKey", "DeleteKey", "RenameKey"}:
        found["registry.key"] = place.partition("\\")[2]
        found.pop("registry.value", None)
    details = text(data.get("Details"))
    if details:
        found["registry.data.strings"] = [details]
    technique = persistence.technique(place) if not kind.startswith("Delete") else ""
    if technique:
        found["threat.technique.id"] = [technique]


def _network(data: Data, found: Fields) -> None:
    name = text(data.get("DestinationHostname"))
    if name:
        found["url.domain"] = name
    if "network.transport" in found:
        found["network.transport"] = found["network.transport"].lower()


def _stream(data: Data, found: Fields) -> None:
    """What a downloaded file's Zone.Identifier says: whence it came."""
    _hashes(data, found)
    for line in (text(data.get("Contents")) or "").splitlines():
        name, _, address = line.partition("=")
        if name.strip() == "HostUrl" and address.strip():
            found["url.full"] = address.strip()


def _file(action: str, kind: str, says: str, technique: str = "") -> Meaning:
    sentence = f"{says} {{TargetFilename}} by {{Image}}"
    return Meaning(action, "file", kind, sentence, {**_IMAGE, "file.path": "TargetFilename"}, technique, _hashes)


def _key(action: str, kind: str) -> Meaning:
    sentence = "Registry {EventType} {TargetObject} {Details} by {Image}"
    return Meaning(action, "registry", kind, sentence, {**_IMAGE, "registry": "TargetObject"}, "", _registry)


def _wmi(action: str, says: str) -> Meaning:
    return Meaning(action, "configuration", "creation", says, _USER, persistence.WMI)


providers.register(
    Provider(
        "sysmon",
        ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon-Linux"),
        {
            1: Meaning(
                "created-process",
                "process",
                "start",
                "Process {Image} started by {ParentImage} as {User}: {CommandLine}",
                {
                    **_IMAGE,
                    "process.command_line": "CommandLine",
                    "process.parent.pid": "ParentProcessId",
                    "process.parent.name": "ParentImage",
                    "rule.name": "RuleName",
                },
                more=_process,
            ),
            2: _file("changed-file-creation-time", "change", "Creation time changed of", "T1070.006"),
            3: Meaning(
                "network-connection",
                "network",
                "connection",
                "Connection {Protocol} {SourceIp}:{SourcePort} to {DestinationIp}:{DestinationPort} "
                "{DestinationHostname} by {Image}",
                {
                    **_IMAGE,
                    "network.transport": "Protocol",
                    "source.ip": "SourceIp",
                    "source.port": "SourcePort",
                    "destination.ip": "DestinationIp",
                    "destination.port": "DestinationPort",
                    "rule.name": "RuleName",
                },
                more=_network,
            ),
            4: Meaning("sysmon-state-changed", "host", "change", "Sysmon is {State}"),
            5: Meaning("exited-process", "process", "end", "Process {Image} ended", _IMAGE),
            6: Meaning(
                "loaded-driver", "driver", "start", "Driver {ImageLoaded} loaded, signed by {Signature}",
                {"file.path": "ImageLoaded"}, more=_hashes,
            ),
            7: Meaning(
                "loaded-image", "library", "start", "{ImageLoaded} loaded by {Image}, signed by {Signature}",
                {**_IMAGE, "file.path": "ImageLoaded", "rule.name": "RuleName"}, more=_hashes,
            ),
            8: Meaning(
                "created-remote-thread", "process", "start", "Thread made in {TargetImage} by {SourceImage}", _SOURCE,
                "T1055",
            ),
            9: Meaning("raw-access-read", "file", "access", "{Device} read raw by {Image}", _IMAGE),
            10: Meaning(
                "accessed-process", "process", "access", "{TargetImage} opened by {SourceImage}, {GrantedAccess}",
                _SOURCE,
            ),
            11: _file("created-file", "creation", "File created:"),
            12: _key("registry-key-changed", "change"),
            13: _key("registry-value-set", "change"),
            14: _key("registry-renamed", "change"),
            15: Meaning(
                "created-file-stream", "file", "creation", "Stream {TargetFilename} created by {Image}: {Contents}",
                {**_IMAGE, "file.path": "TargetFilename"}, more=_stream,
            ),
            17: Meaning("created-pipe", "file", "creation", "Pipe {PipeName} created by {Image}", _IMAGE),
            18: Meaning("connected-pipe", "file", "access", "Pipe {PipeName} opened by {Image}", _IMAGE),
            19: _wmi("wmi-filter", "WMI filter {Operation} by {User}: {Name} {Query}"),
            20: _wmi("wmi-consumer", "WMI consumer {Operation} by {User}: {Name} {Type} {Destination}"),
            21: _wmi("wmi-binding", "WMI binding {Operation} by {User}: {Filter} to {Consumer}"),
            22: Meaning(
                "dns-query", "network", "info", "Name {QueryName} asked by {Image}: {QueryResults}",
                {**_IMAGE, "dns.question.name": "QueryName", "rule.name": "RuleName"},
            ),
            23: _file("deleted-file", "deletion", "File deleted and kept by Sysmon:"),
            24: Meaning("changed-clipboard", "host", "change", "Clipboard changed by {Image}", _IMAGE),
            25: Meaning("tampered-process", "process", "change", "{Image} tampered with: {Type}", _IMAGE, "T1055.012"),
            26: _file("deleted-file", "deletion", "File deleted:"),
            27: _file("blocked-executable", "creation", "Executable blocked:"),
            28: _file("blocked-shredding", "deletion", "Shredding blocked:"),
            29: _file("created-executable", "creation", "Executable created:"),
        },
    )
)  # fmt: skip
