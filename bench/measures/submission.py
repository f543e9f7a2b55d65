"""Long tables sent by several institutions at once, merged by the worker, until published; against COPY and INSERT."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import ClassVar

import orjson
from django.db import connection
from django.db.models import Sum

from bench.base import Measure, measures
from bench.client import Client, send
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World
from ingestion.submissions import pressure
from ingestion.submissions.models import Submission as Held
from iocmarket.copying import cell, copy_text
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.ids import digest_of

MOST = 40_000
WORKING = 600.0
"""Seconds that the worker may take."""
_TABLES = """
DROP TABLE IF EXISTS bench_staging, bench_raw;
CREATE UNLOGGED TABLE bench_staging (digest bytea, type text, value text);
CREATE TABLE bench_raw (id bigserial PRIMARY KEY, digest bytea UNIQUE NOT NULL, type text, value text,
    created_at timestamptz NOT NULL DEFAULT now());
"""
_MERGE = """INSERT INTO bench_raw (digest, type, value) SELECT DISTINCT ON (digest) digest, type, value
FROM bench_staging ORDER BY digest ON CONFLICT (digest) DO NOTHING"""


class Submission(Measure):
    """Fresh values, and the same again from the same institutions."""

    name: ClassVar[str] = "submission"
    order: ClassVar[int] = 100

    def run(self, world: World) -> Iterable[Row]:
        """Values a second, accepted and published."""
        count = min(MOST, max(4000, world.size // 4))
        world.start_rest()
        world.until(pressure.worker_lives, WORKING, "a worker lives")
        world.rows(_TABLES)
        batches = [world.fresh(count) for _ in range(RUNS)]
        accepted: list[float] = []
        refreshed: list[float] = []

        def fresh() -> float:
            rate, published = sent(world, batches[len(accepted)], "accepted")
            accepted.append(rate)
            return published

        def again() -> float:
            rate, published = sent(world, batches[len(refreshed)], "refreshed")
            refreshed.append(rate)
            return published

        raw = _lines(batches)
        published, copied, republished, ignored = medians(
            fresh,
            lambda: count / seconds(lambda: _merge(raw[len(accepted) - 1])),
            again,
            lambda: count / seconds(lambda: _merge(raw[len(refreshed) - 1])),
        )
        note = f"{count} values in one table from each of {len(world.writers)} institutions at once"
        yield Row(
            what="submission, fresh, until published", ours=published, unit="values/s", reference=copied,
            against="COPY and merge", goal="≥ 8 000 /s and ≥ 0.2",
            met=published >= 8000 and published >= 0.2 * copied,
            note=f"{note}; merged at {median(accepted):.0f}/s",
        )  # fmt: skip
        yield Row(
            what="submission, all known, until published", ours=republished, unit="values/s", reference=ignored,
            against="COPY and merge", goal="≥ 20 000 /s", met=republished >= 20_000,
            note=f"{note}; merged at {median(refreshed):.0f}/s",
        )  # fmt: skip


def sent(world: World, values: list[str], status: str) -> tuple[float, float]:
    """Values a second until the last is merged, and until the last is published. Raises AssertionError."""
    world.settled()
    shares = [values[number :: len(world.writers)] for number in range(len(world.writers))]

    def one(number: int) -> str:
        client = Client(world.port)
        body = ("value\n" + "\n".join(shares[number])).encode()
        request = send("/api/v1/submissions", world.writers[number].secret, body, "text/csv")
        public_id: str = orjson.loads(client.ask(request, status=202).body)["id"]
        client.close()
        return public_id

    started = time.perf_counter()
    with ThreadPoolExecutor(len(shares)) as pool:
        ids = list(pool.map(one, range(len(shares))))
    held = Held.objects.filter(public_id__in=ids)
    waiting = held.filter(state__in=pressure.WAITING)
    world.until(lambda: not waiting.exists(), WORKING, "all is merged")
    merged = time.perf_counter() - started
    world.settled()
    published = time.perf_counter() - started
    kept = held.aggregate(kept=Sum(status))["kept"]
    if kept != len(values):
        raise AssertionError(f"{kept} of {len(values)} were {status}")
    return len(values) / merged, len(values) / published


def _lines(batches: list[list[str]]) -> list[str]:
    texts = []
    for batch in batches:
        read = [recognise(value) for value in batch]
        rows = [(found.type.name, found.canonical.value) for found in read]
        texts.append("".join(f"{cell(digest_of(kind, value))}\t{kind}\t{cell(value)}\n" for kind, value in rows))
    return texts


def _merge(text: str) -> None:
    copy_text("bench_staging", ["digest", "type", "value"], text)
    with connection.cursor() as cursor:
        cursor.execute(_MERGE)
        cursor.execute("TRUNCATE bench_staging")


measures.register(Submission())
