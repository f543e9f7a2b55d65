"""Score the free-text reader on a folder of labelled documents, with the scorer that belongs to them.

    python bench/extraction.py DATA_DIR SCORER [--verbose] [--items]

DATA_DIR holds `snippets.jsonl` and folders of documents with `X.expected.json` beside X; SCORER is the path of the
scoring program. Only the types that the scorer knows and that are registered here count. Scored is what
the reader offers (offers.py); `--items` scores what it takes by itself, without what stands in comments of lists, the
hosts of URLs written without a scheme, and hashes inside URLs.
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
from ingestion.readers.offers import offers
from iocmarket.indicators.types import ioc_types

SCORED = ("ipv4", "ipv6", "cidr", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "cve", "asn")
FOLDERS = ("lists", "csv", "rendered", "reports", "openioc")


def predicted(text: str, *, items: bool) -> dict[str, list[str]]:
    """The values of a text by type."""
    values: dict[str, set[str]] = defaultdict(set)
    for found in read(text).candidates if items else offers(text):
        if found.type is not None and found.canonical is not None:
            values[found.type].add(found.canonical.value)
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
    verbose, items = "--verbose" in sys.argv, "--items" in sys.argv
    lines = [json.loads(line) for line in (data / "snippets.jsonl").read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as only:
        (Path(only) / "snippets.jsonl").write_text("\n".join(map(json.dumps, lines)))
        print("== snippets", flush=True)
        score(scorer, Path(only), {line["id"]: predicted(line["text"], items=items) for line in lines}, verbose=verbose)
    for name in FOLDERS:
        documents = sorted((data / name).glob("*.expected.json"))
        started, size, predictions = time.perf_counter(), 0, {}
        for path in documents:
            content = path.with_name(path.name.removesuffix(".expected.json")).read_bytes()
            size += len(content)
            predictions[path.name.removesuffix(".expected.json")] = predicted(decoded(content), items=items)
        seconds = time.perf_counter() - started
        print(
            f"== {name}: {len(documents)} documents, {size / 1e6:.2f} MB at {size / 1e6 / seconds:.2f} MB/s", flush=True
        )
        score(scorer, data / name, predictions, verbose=verbose)


if __name__ == "__main__":
    main()
