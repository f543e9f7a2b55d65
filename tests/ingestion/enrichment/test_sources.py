"""The files that others publish are read as their producers describe them."""

from __future__ import annotations

import gzip
from ipaddress import ip_address
from pathlib import Path

import pytest

from ingestion.enrichment.ipdata.ranges import IpFacts
from ingestion.enrichment.ipdata.sources import UnknownSourceError, facts_of_record, read_ranges

TSV = (
    '192.0.2.0\t192.0.2.255\t64500\tFR\tRESEAU-VALBRUNE Réseau "régional"\n'
    "198.51.100.0\t198.51.100.255\t0\tNone\tNot routed\n"
    "2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64501\tDE\tNETZ\n"
)


def test_the_iptoasn_table_gives_country_number_and_name(tmp_path: Path) -> None:
    path = tmp_path / "ip2asn-combined.tsv.gz"
    path.write_bytes(gzip.compress(TSV.encode()))
    first, second = read_ranges(path)
    assert first.facts == IpFacts("FR", 64500, 'RESEAU-VALBRUNE Réseau "régional"')
    assert (first.version, first.start) == (4, int(ip_address("192.0.2.0")))
    assert second.facts == IpFacts("DE", 64501, "NETZ")
    assert second.version == 6


def test_a_csv_of_countries_or_of_autonomous_systems_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('192.0.2.0,192.0.2.255,fr\n198.51.100.0,198.51.100.7,64500,"Réseau, région"\n')
    assert [item.facts for item in read_ranges(path)] == [
        IpFacts("FR"),
        IpFacts(asn=64500, as_name="Réseau, région"),
    ]


@pytest.mark.parametrize("line", ["192.0.2.0\n", "un,deux,FR\n", "192.0.2.0,192.0.2.9,ASX,nom\n"])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("192.0.2.0,192.0.2.255,FR\n" + line)
    with pytest.raises(UnknownSourceError, match="line 2"):
        list(read_ranges(path))


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match=r"\.mmdb"):
        list(read_ranges(tmp_path / "x.parquet"))


@pytest.mark.parametrize(
    ("record", "facts"),
    [
        ({"country": {"iso_code": "FR", "names": {"fr": "France"}}}, IpFacts("FR")),
        (
            {"autonomous_system_number": 64500, "autonomous_system_organization": "Réseau"},
            IpFacts(asn=64500, as_name="Réseau"),
        ),
        ({"country_code": "DE"}, IpFacts("DE")),
        (
            {"country": "France", "country_code": "FR", "asn": "AS64500", "as_name": "Réseau"},
            IpFacts("FR", 64500, "Réseau"),
        ),
        ({"country": {}}, IpFacts()),
        (None, IpFacts()),
        ([1], IpFacts()),
    ],
)
def test_records_of_every_known_producer_are_understood(record: object, facts: IpFacts) -> None:
    assert facts_of_record(record) == facts
