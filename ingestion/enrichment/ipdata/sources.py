"""Reading what others publish: MMDB files, and the CSV and TSV of the two public IP-to-AS projects.

Field names known: MaxMind GeoIP2 / GeoLite2, DB-IP and IPinfo Lite, ip-location-db (MMDB, CSV), iptoasn.com (TSV).
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO

import maxminddb

from ingestion.enrichment.ipdata.ranges import IpFacts, IpRange


class UnknownSourceError(Exception):
    """A file whose name or content is of no known kind."""


def read_ranges(path: Path) -> Iterator[IpRange]:
    """The ranges of one published file, by its ending: .mmdb, .csv, .tsv, the text ones also as .gz.

    Raises UnknownSourceError for another ending or a line that cannot be read (it names the line).
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".mmdb"):
        yield from _from_mmdb(path)
    elif name.endswith((".csv", ".tsv")):
        yield from _from_text(path, delimiter="," if name.endswith(".csv") else "\t")
    else:
        raise UnknownSourceError(f"{path.name}: neither .mmdb, .csv nor .tsv")


def facts_of_record(record: object) -> IpFacts:
    """The facts in an MMDB record of any of the known producers; empty where it says nothing."""
    if not isinstance(record, Mapping):
        return IpFacts()
    country = record.get("country_code") or record.get("country")
    if isinstance(country, Mapping):
        country = country.get("iso_code")
    number = record.get("autonomous_system_number") or record.get("asn")
    name = record.get("autonomous_system_organization") or record.get("as_name")
    return IpFacts(_country(country), _asn(number), name if isinstance(name, str) else "")


def _from_mmdb(path: Path) -> Iterator[IpRange]:
    with maxminddb.open_database(str(path)) as reader:
        for network, record in reader:
            facts = facts_of_record(record)
            if facts != IpFacts():
                first, last = int(network.network_address), int(network.broadcast_address)
                yield IpRange(network.version, first, last, facts)


def _from_text(path: Path, *, delimiter: str) -> Iterator[IpRange]:
    with _open_text(path) as file:
        rows = csv.reader(file) if delimiter == "," else csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, start=1):
            try:
                first, last = ip_address(row[0]), ip_address(row[1])
                facts = _facts_of_row(row[2:])
            except (IndexError, ValueError) as error:
                raise UnknownSourceError(f"{path.name}, line {number}: {error}") from error
            if facts != IpFacts():
                yield IpRange(first.version, int(first), int(last), facts)


def _facts_of_row(columns: list[str]) -> IpFacts:
    """`country` · `asn, organisation` (ip-location-db) · `asn, country, description` (iptoasn.com)."""
    if len(columns) == 1:
        return IpFacts(country=_country(columns[0]))
    asn = _asn(columns[0])
    if len(columns) == 2:
        return IpFacts(asn=asn, as_name=columns[1])
    if asn == 0:
        return IpFacts()  # iptoasn.com writes "0 None Not routed"
    return IpFacts(_country(columns[1]), asn, columns[2])


def _open_text(path: Path) -> TextIO:
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _country(value: object) -> str:
    is_code = isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha()
    return str(value).upper() if is_code else ""


def _asn(value: object) -> int:
    """An AS number, written `64500` or `AS64500`; 0 for none. Raises ValueError for other text."""
    if value is None:
        return 0
    return int(str(value).upper().removeprefix("AS") or 0)
