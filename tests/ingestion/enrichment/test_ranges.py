"""The table answers as a plain scan of the ranges would, and survives its file."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.enrichment.ipdata import fileformat
from ingestion.enrichment.ipdata.ranges import Address, IpFacts, IpRange, RangeTable, build_table

PROVENANCE = fileformat.Provenance(name="made-up", date="2026-01-02", licence="CC0-1.0", source="this test")
FACTS = st.builds(IpFacts, country=st.sampled_from(["", "FR", "DE"]), asn=st.integers(1, 3), as_name=st.just("Éole"))


@st.composite
def disjoint_ranges(draw: st.DrawFn) -> list[IpRange]:
    """Ranges of both versions that do not overlap; the IPv6 ones begin and end at a /64."""
    found = []
    for version, bits, shift in ((4, 32, 0), (6, 64, 64)):
        edges = sorted(draw(st.sets(st.integers(0, 2**bits), max_size=12)))
        for first, after in zip(edges[::2], edges[1::2], strict=False):
            found.append(IpRange(version, first << shift, (after << shift) - 1, draw(FACTS)))
    return draw(st.permutations(found))


def plain_scan(ranges: list[IpRange], address: Address) -> IpFacts | None:
    for item in ranges:
        if item.version == address.version and item.start <= int(address) <= item.end:
            return item.facts
    return None


@settings(deadline=None)
@given(ranges=disjoint_ranges(), data=st.data())
def test_a_look_up_answers_as_a_scan_would(ranges: list[IpRange], data: st.DataObject) -> None:
    table = build_table(ranges)
    edges: list[Address] = [IPv4Address(0), IPv4Address(2**32 - 1), IPv6Address(0), IPv6Address(2**128 - 1)]
    for item in ranges:
        kind: type[Address] = IPv4Address if item.version == 4 else IPv6Address
        edges += [kind(item.start), kind(item.end)]
    for address in (*edges, data.draw(st.ip_addresses())):
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            continue
        found = table.lookup(address)
        assert (found[0] if found else None) == plain_scan(ranges, address)
        if found:
            block = found[1]
            assert address in block
            assert plain_scan(ranges, block.network_address) == found[0]
            assert plain_scan(ranges, block.broadcast_address) == found[0]


@settings(deadline=None)  # compressing takes what the machine has left
@given(ranges=disjoint_ranges())
def test_the_file_gives_back_the_table(ranges: list[IpRange], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("ipdata") / "x.ipdata"
    table = build_table(ranges)
    size = fileformat.write(path, table, PROVENANCE)
    assert path.stat().st_size == size
    assert fileformat.read(path) == (table, PROVENANCE)


def test_the_block_is_the_largest_of_which_the_data_say_the_same() -> None:
    table = build_table([IpRange(4, int(IPv4Address("198.51.100.0")), int(IPv4Address("198.51.100.191")), FR)])
    found = table.lookup(IPv4Address("198.51.100.150"))
    assert found is not None
    assert str(found[1]) == "198.51.100.128/26"


def test_a_mapped_address_is_looked_up_as_the_ipv4_one() -> None:
    table = build_table([IpRange(4, int(IPv4Address("198.51.100.0")), int(IPv4Address("198.51.100.255")), FR)])
    found = table.lookup(ip_address("::ffff:198.51.100.7"))
    assert found is not None
    assert found[0] == FR


def test_overlapping_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        build_table([IpRange(4, 0, 10, FR), IpRange(4, 10, 12, FR)])


def test_an_empty_table_knows_nothing() -> None:
    assert build_table([]).lookup(IPv4Address("198.51.100.1")) is None


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b[:-9] + b"x" + b[-8:], lambda b: b"{}\n" + b, lambda _: b""]
)
def test_a_damaged_file_is_refused(tmp_path: Path, spoil: object) -> None:
    assert callable(spoil)
    path = tmp_path / "x.ipdata"
    fileformat.write(path, build_table([IpRange(4, 0, 10, FR)]), PROVENANCE)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(fileformat.IpDataError):
        fileformat.read(path)


def test_a_stream_that_unpacks_beyond_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.ipdata"
    fileformat.write(path, RangeTable([IpFacts(as_name="a" * 10_000)]), PROVENANCE)
    monkeypatch.setattr(fileformat, "MAX_STREAM", 100)
    with pytest.raises(fileformat.IpDataError, match="larger than"):
        fileformat.read(path)


FR = IpFacts("FR")
