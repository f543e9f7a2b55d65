"""Other TAXII servers, and other extractors, over the same machine in the same run: installed for the moment.

Each is given what it was made for: OpenTAXII SQLite and our gunicorn, medallion its memory and its own server.
Extractors read the labelled documents of IOCMARKET_SHARED_DATA, one after the other, or the text of `extraction`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

import orjson

from bench.base import Measure, measures
from bench.client import Client, Unexpected, get
from bench.measures.extraction import PLAIN, document
from bench.measures.taxii_pull import ACCEPT, pulled
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World
from ingestion.readers.base import decoded
from ingestion.readers.offers import offers
from iocmarket.embedded.children import end, launch
from iocmarket.publication.models import View

PACKAGES = ("opentaxii==0.9.3", "medallion==3.0.0", "ioc-finder==9.4.1", "iocsearcher==3.1.0", "gunicorn")
EXTRACTORS = {"ioc-finder": 10, "iocsearcher": 50}
"""With how many times their speed is wanted."""
LABELLED = ("lists", "csv", "rendered", "reports", "openioc")
SIZES = {"opentaxii": 10_000, "medallion": 1_000}
STARTING = 300.0
"""Seconds for a peer to take its objects in."""
_SCRIPTS = Path(__file__).resolve().parent.parent / "peers"


class Peers(Measure):
    """Pulled in pages of a thousand by the same client; texts read by both."""

    name: ClassVar[str] = "peers"
    order: ClassVar[int] = 140

    def run(self, world: World) -> Iterable[Row]:
        """Objects a second of each, then text; nothing but a note where the packages cannot be had."""
        try:
            python = installed(world.folder / "peers")
        except RuntimeError as error:
            world.facts.append(str(error))
            return
        view = View.objects.filter(audience="community").earliest("pk")
        pages = pulled(world, view, most=max(SIZES.values()))
        objects = [thing for page in pages for thing in orjson.loads(page)["objects"] if thing["type"] == "indicator"]
        for name, count in SIZES.items():
            sent = objects[:count]
            taken = len(objects) / seconds(lambda: pulled(world, view, most=max(SIZES.values())))
            with _serving(python, name, sent, world.folder) as (port, path):
                theirs = len(sent) / seconds(partial(_pulled, port, path, len(sent)))
            yield Row(
                what="TAXII, pages of 1 000", ours=taken, unit="objects/s", reference=theirs, against=name,
                goal="≥ 20", met=taken >= 20 * theirs, note=f"{name} held {len(sent)} objects of the same bodies",
            )  # fmt: skip
        yield from self._extraction(world, python)

    @staticmethod
    def _extraction(world: World, python: Path) -> Iterator[Row]:
        """All that the reader offers, against all that each of them finds, by turns; and what one expression does."""
        texts = labelled() or [document()]
        file, megabytes = world.folder / "texts.json", sum(len(text.encode()) for text in texts) / 1e6
        file.write_text(json.dumps(texts), encoding="utf-8")
        offers(texts[0][:200])
        plain = megabytes / seconds(lambda: [PLAIN.findall(text) for text in texts])
        for name, wanted in EXTRACTORS.items():
            ours, theirs = medians(
                lambda: megabytes / seconds(lambda: [offers(text) for text in texts]),
                partial(_extracted, python, name, file, megabytes),
                runs=min(RUNS, 3),
            )
            yield Row(
                what="free text, offers, against a peer", ours=ours, unit="MB/s", reference=theirs, against=name,
                goal=f"≥ {wanted}", met=ours >= wanted * theirs, note=f"{len(texts)} texts, {megabytes:.2f} MB",
            )  # fmt: skip
            yield Row(
                what="one plain expression, against a peer", ours=plain, unit="MB/s", reference=theirs, against=name,
                note="no more than finding what is written plainly: a ceiling for a reader in Python",
            )  # fmt: skip


def labelled() -> list[str]:
    """The labelled documents, where their folder is given."""
    given = os.environ.get("IOCMARKET_SHARED_DATA")
    folders = [Path(given) / "iocs" / name for name in LABELLED] if given else []
    paths = [path for folder in folders for path in sorted(folder.glob("*.expected.json"))]
    return [decoded(path.with_name(path.name.removesuffix(".expected.json")).read_bytes()) for path in paths]


def _extracted(python: Path, name: str, file: Path, megabytes: float) -> float:
    command: list[str | Path] = [python, _SCRIPTS / "extraction.py", name, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unexpected(f"{name}: {done.stderr[-500:]}")
    return megabytes / float(done.stdout.split()[-1])


def installed(folder: Path) -> Path:
    """The interpreter of an environment that holds the peers and nothing of ours."""
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    commands: list[list[str | Path]] = [
        [uv, "venv", "-q", "--python", sys.executable, folder],
        [uv, "pip", "install", "-q", "--python", python, *PACKAGES],
    ]
    beside = folder.with_name(f"{folder.name}-building")  # where what is built for it leaves its locks
    beside.mkdir()
    for command in commands:
        done = subprocess.run(
            command, env={**os.environ, "TMPDIR": str(beside)}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the peers cannot be installed: {done.stderr[-500:]}")
    return python


@contextmanager
def _serving(python: Path, name: str, objects: list[object], folder: Path) -> Iterator[tuple[int, str]]:
    own, port = folder / name, _free_port()
    own.mkdir()
    (own / "objects.json").write_bytes(orjson.dumps(objects))
    log = own / "log"
    command = [str(python), str(_SCRIPTS / f"{name}_server.py"), str(own), str(port), str(own / "objects.json")]
    with log.open("ab") as output:
        process = launch(command, output=output, cwd=own)
    try:
        yield port, _path_told(log, process, port)
    finally:
        end(process, signal.SIGTERM, 10.0)
        shutil.rmtree(own, ignore_errors=True)


def _path_told(log: Path, process: subprocess.Popen[bytes], port: int) -> str:
    waited = 0.0
    while waited < STARTING and process.poll() is None:
        told = [line for line in log.read_text(errors="replace").splitlines() if line.endswith("/objects/")]
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if told and probe.connect_ex(("127.0.0.1", port)) == 0:
                return told[0]
        waited += 0.5
        time.sleep(0.5)
    raise RuntimeError(f"the peer does not serve: {log.read_text(errors='replace')[-500:]}")


def _pulled(port: int, path: str, wanted: int) -> None:
    client, found, following = Client(port), 0, ""
    # medallion knows no collection for everybody; OpenTAXII refuses a name that it does not know.
    known = b"Authorization: Basic " + base64.b64encode(b"bench:bench") + b"\r\n" if "/bench/" in path else b""
    while True:
        request = get(f"{path}?limit=1000{following}", "", Accept=ACCEPT)
        request = request.replace(b"Authorization: Bearer \r\n", known)
        page = json.loads(client.ask(request).body)
        found += len(page.get("objects", []))
        if not page.get("more"):
            break
        following = f"&next={page['next']}"
    if found != wanted:
        raise Unexpected(f"{found} objects of {wanted}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


measures.register(Peers())
