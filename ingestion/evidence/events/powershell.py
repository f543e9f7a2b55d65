"""PowerShell: what was run. The script itself stays whole in `winlog.event_data`; a message shows its beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import Data, Meaning, Provider, account, basename, providers, text

SCRIPT: Final = "T1059.001"
_LINE = re.compile(r"^\s*([A-Za-z ]{2,30}?)\s*=\s*(.*?)\s*$", re.MULTILINE)


def _script(data: Data, found: Fields) -> None:
    path = text(data.get("Path"))
    if path:
        found["file.path"], found["file.name"] = path, basename(path)


def _told(whole: str, found: Fields) -> None:
    """`Host Application = powershell -enc …` and its like, one on each line; names without their blanks."""
    lines = {name.replace(" ", ""): value for name, value in _LINE.findall(whole)}
    if lines.get("HostApplication"):
        found["process.command_line"] = lines["HostApplication"]
    if lines.get("ScriptName"):
        found["file.path"], found["file.name"] = lines["ScriptName"], basename(lines["ScriptName"])
    if lines.get("User") or lines.get("UserId"):
        account(found, "user", lines.get("User") or lines.get("UserId"))


def _module(data: Data, found: Fields) -> None:
    _told(text(data.get("ContextInfo")) or "", found)


def _classic(data: Data, found: Fields) -> None:
    """The log of the first PowerShell names none of its data; the last of them is such a list."""
    parts = data.get("Data")
    parts = parts.get("#text") if isinstance(parts, Mapping) else parts
    _told("\n".join(map(str, parts)) if isinstance(parts, list) else text(parts) or "", found)


providers.register(
    Provider(
        "powershell",
        ("Microsoft-Windows-PowerShell", "PowerShellCore"),
        {
            4103: Meaning(
                "executed-command", "process", "info", "PowerShell: {Payload}", technique=SCRIPT, more=_module
            ),
            4104: Meaning(
                "executed-script-block",
                "process",
                "info",
                "PowerShell script, part {MessageNumber} of {MessageTotal}: {ScriptBlockText}",
                technique=SCRIPT,
                more=_script,
            ),
        },
    )
)
providers.register(
    Provider(
        "powershell-classic",
        ("PowerShell",),
        {
            400: Meaning(
                "started-engine", "process", "start", "PowerShell started: {Data}", technique=SCRIPT, more=_classic
            ),
            403: Meaning("stopped-engine", "process", "end", "PowerShell ended: {Data}", more=_classic),
            600: Meaning("started-provider", "process", "info", "PowerShell provider: {Data}", more=_classic),
            800: Meaning("executed-pipeline", "process", "info", "PowerShell: {Data}", technique=SCRIPT, more=_classic),
        },
    )
)
