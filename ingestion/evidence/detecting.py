"""Sigma rules over an archive's event logs: the dataset `detection.sigma`, and a finding for each rule that matched."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

from ingestion.evidence.alerts import alert, aside_in, put
from ingestion.evidence.findings.base import RECORDS_MAX, TEXT_MAX, Found

if TYPE_CHECKING:
    from ingestion.evidence.sigma.rules import Rule

DATASET = "detection.sigma"
EVENTS = "windows.evtx.jsonl"
RECORDS = 1000
"""Records of one rule in the dataset."""


def detect(folder: Path) -> list[Found]:
    """Evaluate every rule; write the dataset anew, and into the manifest which rules were evaluated and which not."""
    from ingestion.evidence.sigma.rules import OWN, read  # noqa: PLC0415 (pySigma, which the web never needs)

    rules = read([OWN, settings.EVIDENCE_SIGMA_DIR])
    with aside_in(folder, DATASET) as aside:
        lines, lengths, counts = aside / f"{DATASET}.jsonl", array("I"), Counter[str]()
        found: dict[str, Found] = {}
        with lines.open("wb", buffering=1 << 17) as sink:
            for record in _events(folder / EVENTS):
                for rule in rules.matching(record):
                    counts[rule.id] += 1
                    found[rule.id] = _found(rule, record, found.get(rule.id))
                    if counts[rule.id] <= RECORDS:
                        lengths.append(sink.write(orjson.dumps(_told(record, rule)) + b"\n"))
        told = {"evaluated": len(rules.rules), "skipped": rules.skipped, "matched": dict(sorted(counts.items()))}
        put(folder, aside, lines, lengths, sigma=told)
    return list(found.values())


def _events(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _found(rule: Rule, record: Mapping[str, Any], before: Found | None) -> Found:
    """One finding for each rule: what the first of its records runs, or says."""
    number = record["event.id"]
    if before is not None:
        if len(before.records) >= RECORDS_MAX:
            return before
        return replace(before, records=(*before.records, number))
    said = str(record.get("process.command_line") or record.get("message", ""))
    technique = rule.techniques[0] if rule.techniques else ""
    return Found(
        "sigma", technique, rule.title[:TEXT_MAX], rule.id[:100], said[:TEXT_MAX], rule.score, (number,)
    )  # fmt: skip


def _told(record: Mapping[str, Any], rule: Rule) -> dict[str, Any]:
    said = {
        "event.action": "sigma-match", "rule.name": rule.title, "rule.id": rule.id,
        "threat.technique.id": list(rule.techniques),
    }  # fmt: skip
    return alert(record, DATASET, said, tag="sigma", headline=rule.title)
