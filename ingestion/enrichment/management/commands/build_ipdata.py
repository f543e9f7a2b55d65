"""`manage.py build_ipdata FILE…`: make the compact address file from published data sets."""

from __future__ import annotations

from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.enrichment.ipdata import fileformat, store
from ingestion.enrichment.ipdata.ranges import build_table
from ingestion.enrichment.ipdata.sources import UnknownSourceError, read_ranges


class Command(BaseCommand):
    """Reads MMDB, CSV or TSV (docs/enrichment.md) and writes one file that workers load in under a second."""

    help = "Make the address file (country, AS) of this instance from published data sets."

    def add_arguments(self, parser: CommandParser) -> None:
        """Inputs together must not overlap: one data set, possibly in two files (IPv4, IPv6)."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".mmdb, .csv[.gz] or .tsv[.gz]")
        parser.add_argument("--name", required=True, help="what the data set is called, shown beside its facts")
        parser.add_argument("--date", required=True, type=date.fromisoformat, help="day of the data, YYYY-MM-DD")
        parser.add_argument("--licence", required=True, help="SPDX identifier, e.g. PDDL-1.0")
        parser.add_argument("--source", default="", help="where it was taken from")
        parser.add_argument("--output", type=Path, help="default: the file of this instance in DATA_DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write beside the target and rename, so that a starting worker never reads half a file."""
        del args
        output: Path = options["output"] or store.operators_file()
        output.parent.mkdir(parents=True, exist_ok=True)
        provenance = fileformat.Provenance(
            name=options["name"],
            date=options["date"].isoformat(),
            licence=options["licence"],
            source=options["source"],
        )
        draft = output.with_name(output.name + ".new")
        try:
            table = build_table(chain.from_iterable(read_ranges(path) for path in options["files"]))
        except (OSError, ValueError, UnknownSourceError) as error:
            raise CommandError(str(error)) from error
        size = fileformat.write(draft, table, provenance)
        draft.replace(output)
        self.stdout.write(
            f"{output}: {len(table.v4.starts)} IPv4 and {len(table.v6.starts)} IPv6 boundaries, "
            f"{len(table.records) - 1} records, {size} bytes",
        )
