"""Which data this instance uses: the operator's MMDB files first, then the operator's compact file, then ours.

Loaded at the first question and kept for the life of the process; a worker is restarted to read a new file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path

import maxminddb
from django.conf import settings

from ingestion.enrichment.ipdata import fileformat
from ingestion.enrichment.ipdata.ranges import Address, IpFacts, Network, RangeTable
from ingestion.enrichment.ipdata.sources import facts_of_record

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "country.ipdata"
OPERATORS_NAME = "enrichment.ipdata"


@dataclass(frozen=True, slots=True)
class Problem:
    """A configured file that cannot be used: the setting or file name, and why."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class IpData:
    """Everything loaded: the table always, the readers where the operator named a file."""

    table: RangeTable
    asn: maxminddb.Reader | None
    country: maxminddb.Reader | None
    version: str

    def lookup(self, address: Address) -> tuple[IpFacts, Network] | None:
        """The facts of an address, each field from the first file that has it; the narrowest range of those used."""
        answers = [
            *(_in_mmdb(reader, address) for reader in (self.country, self.asn) if reader is not None),
            self.table.lookup(address),
        ]
        facts, used = IpFacts(), []
        for answer in answers:
            if answer is None:
                continue
            merged = _merge(facts, answer[0])
            if merged != facts:
                facts = merged
                used.append(answer[1])
        return (facts, max(used, key=lambda network: network.prefixlen)) if used else None


def ip_data() -> IpData:
    """The data of this process. Raises IpDataError or OSError when a configured file cannot be read."""
    return _load(operators_file(), _setting("IPDATA_MMDB_ASN"), _setting("IPDATA_MMDB_COUNTRY"))


def operators_file() -> Path:
    """Where `manage.py build_ipdata` puts the operator's own compact file."""
    return Path(settings.DATA_DIR) / OPERATORS_NAME


def problems() -> list[Problem]:
    """What is wrong with the configured files; empty when all can be read."""
    found = []
    for name in ("IPDATA_MMDB_ASN", "IPDATA_MMDB_COUNTRY"):
        try:
            _open(_setting(name))
        except (OSError, ValueError) as error:  # InvalidDatabaseError is a RuntimeError; _open makes it a ValueError
            found.append(Problem(name, str(error)))
    try:
        _table(operators_file())
    except (OSError, fileformat.IpDataError) as error:
        found.append(Problem(OPERATORS_NAME, str(error)))
    return found


@lru_cache(maxsize=2)
def _load(compact: Path, asn: str, country: str) -> IpData:
    table, provenance = _table(compact)
    version = f"{provenance.name} {provenance.date}"
    asn_reader, country_reader = _open(asn), _open(country)
    for reader in (country_reader, asn_reader):
        if reader is not None:
            metadata = reader.metadata()
            built = datetime.fromtimestamp(metadata.build_epoch, UTC).date().isoformat()
            version += f" + {metadata.database_type} {built}"
    return IpData(table, asn_reader, country_reader, version)


def _table(compact: Path) -> tuple[RangeTable, fileformat.Provenance]:
    return fileformat.read(compact if compact.exists() else BUNDLED)


def _open(path: str) -> maxminddb.Reader | None:
    if not path:
        return None
    try:
        return maxminddb.open_database(path)
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(str(error)) from error


def _in_mmdb(reader: maxminddb.Reader, address: Address) -> tuple[IpFacts, Network] | None:
    if address.version == 6 and reader.metadata().ip_version == 4:
        return None
    record, prefix = reader.get_with_prefix_len(address)
    facts = facts_of_record(record)
    return None if facts == IpFacts() else (facts, ip_network((address, prefix), strict=False))


def _merge(first: IpFacts, second: IpFacts) -> IpFacts:
    """Each field from the first that has it; a name goes with its number."""
    numbered = first if first.asn else second
    return IpFacts(first.country or second.country, numbered.asn, numbered.as_name)


def _setting(name: str) -> str:
    return str(getattr(settings, name, "") or "")
