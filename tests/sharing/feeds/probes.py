"""A real Suricata: it tests a configuration, and looks at captured traffic."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from tests.sharing.feeds.captures import write_capture
from tests.sharing.feeds.resolvers import program

_COMPLAINT = re.compile(r"^(?:Error|Warning|E:|W:).*", re.MULTILINE)


def loaded_by(rules: bytes, folder: Path, *settings: str) -> tuple[int, list[str]]:
    """How many rules Suricata loads, and what it complains of. `settings`: name=value."""
    told = _run(rules, folder, ["-T", "-v"], settings)
    loaded = re.search(r"(\d+) rules successfully loaded, 0 rules failed", told)
    return int(loaded[1]) if loaded else 0, _COMPLAINT.findall(told)


def alerts(rules: bytes, folder: Path, sessions: list[list[bytes]], *settings: str) -> dict[int, set[int]]:
    """By port of the client, the numbers of the rules that saw something."""
    traffic = folder / "traffic.pcap"
    write_capture(traffic, sessions)
    (folder / "eve.json").unlink(missing_ok=True)
    told = _run(rules, folder, ["-r", str(traffic), "-k", "none", "--runmode", "single"], settings)
    assert not _COMPLAINT.findall(told), told
    found: dict[int, set[int]] = defaultdict(set)
    for line in (folder / "eve.json").read_text().splitlines():
        event = json.loads(line)
        if event["event_type"] == "alert":
            ports = {event["src_port"], event["dest_port"]}
            found[max(ports)].add(event["alert"]["signature_id"])
    return dict(found)


def _run(rules: bytes, folder: Path, arguments: list[str], settings: tuple[str, ...]) -> str:
    path = folder / "iocmarket.rules"
    path.write_bytes(rules)
    told = [word for setting in settings for word in ("--set", setting)]
    command = [program("suricata"), *arguments, "-S", str(path), "-l", str(folder), "--data-dir", str(folder), *told]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr
