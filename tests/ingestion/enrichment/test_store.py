"""Which file answers: the operator's before ours, each field from the first that knows it."""

from __future__ import annotations

import io
from ipaddress import ip_address
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from ingestion.enrichment.checks import ip_data_can_be_read
from ingestion.enrichment.ipdata import store
from ingestion.enrichment.ipdata.ranges import IpFacts
from tests.ingestion.enrichment.mmdb import write_mmdb

TOR_EXIT = ip_address("185.220.101.45")


@pytest.fixture(autouse=True)
def own_data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.IPDATA_MMDB_ASN = ""
    settings.IPDATA_MMDB_COUNTRY = ""


def facts(text: str) -> IpFacts | None:
    found = store.ip_data().lookup(ip_address(text))
    return found[0] if found else None


def test_the_shipped_file_knows_countries_and_says_where_it_is_from() -> None:
    assert facts("185.220.101.45") == IpFacts("DE")
    assert facts("2001:660::1") == IpFacts("FR")
    assert facts("192.0.2.1") is None
    assert store.ip_data().version.startswith("iptoasn-country 20")


def test_the_shipped_file_is_small_on_disk_and_in_memory() -> None:
    table = store.ip_data().table
    arrays = (table.v4.starts, table.v4.numbers, table.v6.starts, table.v6.numbers)
    assert store.BUNDLED.stat().st_size < 3_000_000
    assert sum(a.itemsize * len(a) for a in arrays) < 10_000_000


def test_the_operators_mmdb_adds_the_autonomous_system(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    record = {"autonomous_system_number": 64500, "autonomous_system_organization": "Réseau inventé"}
    write_mmdb(path, {"185.220.101.0/24": record}, database_type="Made-ASN")  # type: ignore[dict-item]
    settings.IPDATA_MMDB_ASN = str(path)
    found = store.ip_data().lookup(TOR_EXIT)
    assert found is not None
    assert found[0] == IpFacts("DE", 64500, "Réseau inventé")
    assert str(found[1]) == "185.220.101.0/24"
    assert store.ip_data().version.endswith("+ Made-ASN 2026-01-01")


def test_the_operators_country_wins_over_ours(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "country.mmdb"
    write_mmdb(path, {"185.220.101.0/24": {"country": {"iso_code": "NL"}}})
    settings.IPDATA_MMDB_COUNTRY = str(path)
    assert facts("185.220.101.45") == IpFacts("NL")
    assert facts("185.220.100.45") == IpFacts("DE")
    assert facts("2001:660::1") == IpFacts("FR")


def test_the_operators_own_table_replaces_ours(tmp_path: Path) -> None:
    table = tmp_path / "ip2asn.tsv"
    table.write_text("185.220.101.0\t185.220.101.255\t64500\tCH\tINVENTE\n")
    out = io.StringIO()
    call_command("build_ipdata", str(table), "--name=ip2asn", "--date=2026-10-01", "--licence=PDDL-1.0", stdout=out)
    assert str(tmp_path / store.OPERATORS_NAME) in out.getvalue()
    assert facts("185.220.101.45") == IpFacts("CH", 64500, "INVENTE")
    assert facts("185.220.100.45") is None
    assert store.ip_data().version == "ip2asn 2026-10-01"


def test_a_table_with_overlaps_is_refused_and_replaces_nothing(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("192.0.2.0,192.0.2.9,FR\n192.0.2.9,192.0.2.20,DE\n")
    with pytest.raises(CommandError, match="overlap"):
        call_command("build_ipdata", str(table), "--name=x", "--date=2026-10-01", "--licence=CC0-1.0")
    assert not store.operators_file().exists()


def test_a_file_that_cannot_be_read_is_named_at_start(settings: Settings, tmp_path: Path) -> None:
    assert ip_data_can_be_read(None) == []
    settings.IPDATA_MMDB_ASN = str(tmp_path / "absent.mmdb")
    (tmp_path / "broken.mmdb").write_bytes(b"not a database")
    settings.IPDATA_MMDB_COUNTRY = str(tmp_path / "broken.mmdb")
    store.operators_file().write_bytes(b"neither\n")
    messages = ip_data_can_be_read(None)
    assert [message.id for message in messages] == ["enrichment.E001"] * 3
    assert [str(message.msg).split()[0] for message in messages] == [
        "IPDATA_MMDB_ASN",
        "IPDATA_MMDB_COUNTRY",
        "enrichment.ipdata",
    ]
