"""Visits and downloads that browsers remember in SQLite: Chromium and its kin (History), Firefox (places.sqlite)."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import unix, webkit
from ingestion.evidence.places import name_of

_MAGIC = b"SQLite format 3\0"
_USER = re.compile(r"(?:^|/)(?:users|home|documents and settings)/([^/]+)/", re.IGNORECASE)
_NAMES = ("history", "places.sqlite", "archived history")
LOG_BYTES_MAX = 512 << 20
"""Bytes of a database with its log that are copied beside each other, so that the log is read too."""
URL_MAX = 8192


@dataclass(frozen=True, slots=True)
class _Query:
    table: str
    sql: str
    moment: Callable[[int], datetime | None]
    fields: Callable[[sqlite3.Row], Fields]


def _visit(row: sqlite3.Row) -> Fields:
    url, title = _text(row["url"]), _text(row["title"])
    return {"event.action": "visited", "url.full": url[:URL_MAX], "message": f"Visited {url} {title}".strip()}


def _download(row: sqlite3.Row) -> Fields:
    url, path = _text(row["url"]), _text(row["path"])
    return {
        "event.action": "downloaded", "url.full": url[:URL_MAX], "file.path": path, "file.name": name_of(path),
        "file.size": row["size"] if isinstance(row["size"], int) else None, "message": f"Downloaded {path} from {url}",
    }  # fmt: skip


_QUERIES = (
    _Query("visits", "SELECT v.id AS id, v.visit_time AS moment, u.url AS url, u.title AS title"
           " FROM visits v JOIN urls u ON u.id = v.url ORDER BY v.id", webkit, _visit),
    _Query("downloads", "SELECT d.id AS id, d.start_time AS moment, d.target_path AS path, d.total_bytes AS size,"
           " (SELECT c.url FROM downloads_url_chains c WHERE c.id = d.id ORDER BY c.chain_index DESC LIMIT 1) AS url"
           " FROM downloads d ORDER BY d.id", webkit, _download),
    _Query("moz_historyvisits", "SELECT v.id AS id, v.visit_date AS moment, p.url AS url, p.title AS title"
           " FROM moz_historyvisits v JOIN moz_places p ON p.id = v.place_id ORDER BY v.id", unix, _visit),
)  # fmt: skip


class BrowserHistory(Parser):
    """One record for each visit and each download."""

    name: ClassVar[str] = "browser_history"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("browser.history",)
    library: ClassVar[str] = "sqlite3"

    def wants(self, item: Item, head: bytes) -> bool:
        """By the sign of SQLite, and tables of a browser on its first page or a browser's name for it."""
        if not head.startswith(_MAGIC):
            return False
        named = item.path.lower().rpartition("/")[2] in _NAMES
        return named or b"moz_historyvisits" in head or b"downloads_url_chains" in head

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Read only, from a copy when its log was collected too; the schema of a stranger runs nothing."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                with closing(_opened(artefact, Path(folder))) as database:
                    yield from _records(database, artefact.item)
            except (sqlite3.Error, OSError, OverflowError) as error:
                yield Fault("", f"the database cannot be read: {error}")


def _opened(artefact: Artefact, folder: Path) -> sqlite3.Connection:
    item = artefact.item
    log = artefact.context.siblings(item.path + "-wal")
    address = f"{item.file.resolve().as_uri()}?mode=ro&immutable=1"
    if log is not None and log.size > 0 and item.size + log.size <= LOG_BYTES_MAX:
        shutil.copyfile(item.file, folder / "db")
        shutil.copyfile(log.file, folder / "db-wal")
        address = (folder / "db").as_uri()
    database = sqlite3.connect(address, uri=True)
    database.row_factory = sqlite3.Row
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in (
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "query_only = ON",
        "mmap_size = 0",
        "temp_store = 1",
    ):
        database.execute(f"PRAGMA {pragma}")
    return database


def _records(database: sqlite3.Connection, item: Item) -> Iterator[Fields | Fault]:
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    user = _USER.search(item.path)
    common: Fields = {"event.category": ["web"], "event.type": ["access"], "user.name": user[1] if user else ""}
    known = [query for query in _QUERIES if query.table in tables]
    if not known:
        yield Fault("", "it has no table of visits that is known")
    for query in known:
        try:
            for row in database.execute(query.sql):
                moment = query.moment(row["moment"]) if isinstance(row["moment"], int) else None
                fields = {
                    **common, **query.fields(row), "_key": f"{query.table}|{row['id']}", "@timestamp": moment,
                    "timestamp_desc": "visited" if query.fields is _visit else "download started",
                    "event.kind": "event" if moment else "state",
                }  # fmt: skip
                yield {**fields, "url.domain": _host(fields["url.full"])}
        except (sqlite3.Error, OverflowError) as error:
            yield Fault(query.table, f"the table cannot be read to its end: {error}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


parsers.register(BrowserHistory())
