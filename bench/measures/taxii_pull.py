"""Everything pulled over TAXII in pages of a thousand, against the stored bodies read and joined, and a sent file."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import orjson

from bench.base import Measure, measures
from bench.client import Client, get
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World
from iocmarket.publication.models import View

LIMIT = 1000
_PAGE = """SELECT date_added, body FROM publication_entry WHERE view_id = %s AND date_added > %s
ORDER BY date_added LIMIT 1000"""


class TaxiiPull(Measure):
    """A new client, from the first object to the last."""

    name: ClassVar[str] = "taxii-pull"
    order: ClassVar[int] = 40

    def run(self, world: World) -> Iterable[Row]:
        """Objects a second."""
        runs = RUNS if world.size <= 100_000 else min(RUNS, 3)
        view = View.objects.filter(audience="community").earliest("pk")
        pages = pulled(world, view)
        objects = sum(len(orjson.loads(page)["objects"]) for page in pages)
        ((stored,),) = world.rows("SELECT count(*) FROM publication_entry WHERE view_id = %s", view.pk)
        if objects != stored:
            raise AssertionError(f"pulled {objects} objects of {stored}")
        whole = world.folder / "pages"
        whole.write_bytes(b"".join(pages))
        ours, joined, file = medians(
            lambda: objects / seconds(lambda: pulled(world, view)),
            lambda: objects / seconds(lambda: _joined(world, view)),
            lambda: objects / seconds(lambda: sent(whole)),
            runs=runs,
        )
        size = whole.stat().st_size
        note = f"{objects} objects, {size / 1e6:.1f} MB; medians of {runs}"
        yield Row(
            what="TAXII, everything in pages of 1 000", ours=ours, unit="objects/s", reference=joined,
            against="the same bodies by SQL, joined", goal="≥ 30 000 /s", met=ours >= 30_000, note=note,
        )  # fmt: skip
        yield Row(
            what="TAXII, everything in pages of 1 000", ours=ours, unit="objects/s", reference=file,
            against="the same bytes sent from a file",
        )  # fmt: skip


def pulled(world: World, view: View, *, most: int = sys.maxsize) -> list[bytes]:
    """The pages that a new client gets, until it has so many objects."""
    client, path = Client(world.port), f"/taxii2/api/collections/{view.public_id}/objects/?limit={LIMIT}"
    pages: list[bytes] = []
    following = ""
    while True:
        request = get(path + (f"&next={following}" if following else ""), world.reader.secret, Accept=ACCEPT)
        pages.append(client.ask(request).body)
        # The token stands in the head of a page: a client that reads objects as a stream does the same.
        head = orjson.loads(pages[-1].partition(b',"objects"')[0] + b"}")
        if not head["more"] or len(pages) * LIMIT >= most:
            client.close()
            return pages
        following = head["next"]


ACCEPT = "application/taxii+json;version=2.1"


def _joined(world: World, view: View) -> list[bytes]:
    pages, after = list[bytes](), view.created_at.replace(year=2000)
    while rows := world.rows(_PAGE, view.pk, after):
        pages.append(b'{"objects":[' + b",".join(bytes(body) for _added, body in rows) + b"]}")
        after = rows[-1][0]
    return pages


def sent(path: Path) -> int:
    """A file sent over loopback by the kernel and read to its end; the bytes that arrived."""
    arrived = 0
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            there, _address = server.accept()
            with there, path.open("rb") as file:
                there.sendfile(file)

        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection(server.getsockname()) as here:
            while piece := here.recv(1 << 20):
                arrived += len(piece)
        thread.join()
    if arrived != path.stat().st_size:
        raise AssertionError(f"{arrived} bytes of {path.stat().st_size} arrived")
    return arrived


measures.register(TaxiiPull())
