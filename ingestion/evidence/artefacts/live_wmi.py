"""WMI event subscriptions as Velociraptor lists them (Windows.Persistence.PermanentWMIEvents)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.tables import Row, columns, first_of, rows
from ingestion.evidence.wmi import ACTS, subscription


class LiveWmi(Parser):
    """One record for each binding of a filter to a consumer (MITRE ATT&CK T1546.003)."""

    name: ClassVar[str] = "live_wmi"
    version: ClassVar[str] = "2"
    datasets: ClassVar[tuple[str, ...]] = ("windows.wmi",)
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:  # noqa: ARG002 (its columns say enough)
        """By its columns."""
        found = columns(head)
        return {"consumerdetails", "filterdetails"} <= found or {"filterdetailsquery", "consumerdetailsname"} <= found

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Rows without a consumer are faults."""
        for row in rows(artefact.item.file):
            yield row if isinstance(row, Fault) else _binding(*row)


def _binding(number: int, row: Row) -> Fields | Fault:
    consumer, filtering = first_of(row, "consumerdetailsname", "consumer"), first_of(row, "filterdetailsname", "filter")
    if not consumer and not filtering:
        return Fault(f"row {number}", "it names no consumer and no filter")
    return subscription(
        number,
        row,
        consumer=consumer,
        filtering=filtering,
        command=first_of(row, *(f"consumerdetails{act}" for act in ACTS)),
        query=first_of(row, "filterdetailsquery"),
        namespace=first_of(row, "namespace"),
    )


parsers.register(LiveWmi())
