"""Score the free-text reader on a folder of labelled documents, with the scorer that belongs to them.

    python bench/extraction.py DATA_DIR SCORER [--verbose] [--hosts]

DATA_DIR holds `snippets.jsonl` and folders of documents with `X.expected.json` beside X; SCORER is the path of the
scoring program. Only the types that the scorer knows and that are registered here count. `--hosts` also predicts the
host of each URL, which we do not report as a separate domain and some labels count as one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ingestion.readers.base import decoded
from ingestion.readers.free_text import read
from iocmarket.indicators.types import ioc_types

SCORED = ("ipv4", "ipv6", "cidr", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "cve", "asn")
FOLDERS = ("lists", "csv", "rendered", "reports")


def predicted(text: str, *, hosts: bool) -> dict[str, list[str]]:
    """The accepted values of a text by type."""
    values: dict[str, set[str]] = defaultdict(set)
    for candidate in read(text).candidates:
        if candidate.type is not None and candidate.canonical is not None:
            values[candidate.type].add(candidate.canonical.value)
            host = ioc_types[candidate.type].dns_name(candidate.canonical.value)
            if hosts and candidate.type == "url" and host:
                values["domain"].add(host)
    return {name: sorted(found) for name, found in values.items()}


def score(scorer: Path, folder: Path, predictions: dict[str, dict[str, list[str]]], *, verbose: bool) -> None:
    """Run the scorer on the types that we have."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(predictions, file)
        file.flush()
        types = ",".join(name for name in SCORED if name in ioc_types)
        options = ["--types", types, "--macro"] + (["--verbose"] if verbose else [])
        subprocess.run([sys.executable, str(scorer), str(folder), file.name, *options], check=True)


def main() -> None:
    """Score the snippets, then each folder."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    data, scorer = Path(arguments[0]), Path(arguments[1])
    verbose, hosts = "--verbose" in sys.argv, "--hosts" in sys.argv
    lines = [json.loads(line) for line in (data / "snippets.jsonl").read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as only:
        (Path(only) / "snippets.jsonl").write_text("\n".join(map(json.dumps, lines)))
        print("== snippets", flush=True)
        score(scorer, Path(only), {line["id"]: predicted(line["text"], hosts=hosts) for line in lines}, verbose=verbose)
    for name in FOLDERS:
        documents = sorted((data / name).glob("*.expected.json"))
        started, size, predictions = time.perf_counter(), 0, {}
        for path in documents:
            content = path.with_name(path.name.removesuffix(".expected.json")).read_bytes()
            size += len(content)
            predictions[path.name.removesuffix(".expected.json")] = predicted(decoded(content), hosts=hosts)
        seconds = time.perf_counter() - started
        print(
            f"== {name}: {len(documents)} documents, {size / 1e6:.2f} MB at {size / 1e6 / seconds:.2f} MB/s", flush=True
        )
        score(scorer, data / name, predictions, verbose=verbose)


if __name__ == "__main__":
    main()
