"""One archive, opened and parsed within walls: the child of running.py.

    python -m ingestion.evidence.process < ORDER > LINES

The order is one object of JSON on standard input – keys and password come by no other way and stay in memory – and the
lines say how far it is; the last one says how it ended: `{"end": "done"}` or `{"end": "refused", "code": …}`. What it
makes stands in the folder of the order: `<dataset>.jsonl`, `<dataset>.parquet`, `errors.jsonl`, `manifest.json`.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from ingestion.evidence.artefacts.base import Context
from ingestion.evidence.confine import Limits, confine
from ingestion.evidence.containers import open_archive
from ingestion.evidence.containers.base import Caps, Keys, Opened, Refused
from ingestion.evidence.parsing import Work, contexts, parse_all, planned
from ingestion.evidence.writing import Files, Full

MANIFEST_VERSION = 1
ITEMS = "items"
"""The folder of what was unpacked, and of what libraries keep for a moment."""


def main() -> None:
    """Carry out one order."""
    order = json.load(sys.stdin)
    logging.disable()
    out, sys.stdout = sys.stdout, sys.stderr  # libraries that print do not speak for us

    def tell(said: dict[str, Any]) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    tempfile.tempdir = str(Path(order["folder"]) / ITEMS)  # which goes before the folder is whole
    network = confine(Limits(**order["limits"]))
    tell({"at": "opening"})
    try:
        manifest = process(order, tell)
    except Refused as refused:
        tell({"end": "refused", "code": refused.code, "where": refused.where})
    except (MemoryError, duckdb.OutOfMemoryException):
        tell({"end": "failed", "code": "memory"})
    except duckdb.Error:
        tell({"end": "failed", "code": "storage", "where": "parquet"})
    except (Full, OSError) as error:
        tell({"end": "failed", "code": "storage", "where": str(error.args[-1]) if error.args else ""})
    else:
        manifest["network"] = network
        (Path(order["folder"]) / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        tell({"end": "done", "host": manifest["host"]})


def process(order: dict[str, Any], tell: Any) -> dict[str, Any]:
    """Open, parse, write; the manifest. Raises Refused, Full, OSError, MemoryError."""
    folder = Path(order["folder"])
    unpacked = folder / ITEMS
    unpacked.mkdir()
    keys = Keys(tuple(order["keys"]["age"]), tuple(pem.encode() for pem in order["keys"]["private_pem"]))
    opened = open_archive(
        Path(order["archive"]),
        unpacked,
        keys=keys,
        password=order["password"],
        caps=Caps(**order["caps"]),
        name=order["name"],
    )
    rules = Path(order["rules"]).read_bytes() if order["rules"] else b""
    base = Context(**order["context"], yara_rules=rules)
    work = planned(opened)
    tell({"at": "opened", "layout": opened.layout, "host": opened.host, "of": len(work)})
    files = Files(folder)
    parse_all(work, contexts(opened, base), files, skip=set(order["skip"]), tell=tell)
    shutil.rmtree(unpacked)
    tell({"at": "writing"})
    records = files.finish()
    return _manifest(order, opened, work, records, files.errors)


def _manifest(
    order: dict[str, Any], opened: Opened, work: list[Work], records: dict[str, int], errors: int
) -> dict[str, Any]:
    return {
        "manifest_version": MANIFEST_VERSION,
        **order["context"],
        "layout": opened.layout, "scheme": opened.scheme, "key_id": opened.key_id,
        "host": opened.host, "os": opened.os,
        "collected_at": opened.collected_at.isoformat() if opened.collected_at else None,
        "datasets": records,
        "records": sum(records.values()),
        "errors": errors,
        "states": dict(sorted(Counter(one.state for one in work).items())),
        "limits": order["limits"],
        "memory_peak": _memory_peak(),
        "rejected": [asdict(one) for one in opened.rejected],
        "artefacts": [one.entry() for one in work],
    }  # fmt: skip


def _memory_peak() -> int:
    """Bytes of this program's own: what `getrusage` tells begins with what its parent held when it was started."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    main()
