"""Parts that were compressed apart are one gzip member."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from sharing.feeds.packing import HEAD, deflated, tail


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_the_parts_together_are_one_member_of_everything(parts: list[bytes]) -> None:
    whole = b"".join((HEAD, *map(deflated, parts), tail([(zlib.crc32(part), len(part)) for part in parts])))
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert member.decompress(whole) == b"".join(parts)
    assert member.eof
    assert member.unused_data == b""
    assert gzip.decompress(whole) == b"".join(parts)


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_the_checksum_of_a_whole_follows_from_those_of_its_parts(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    end = tail([(zlib.crc32(part), len(part)) for part in parts])
    assert end[-8:-4] == zlib.crc32(whole).to_bytes(4, "little")
    assert end[-4:] == len(whole).to_bytes(4, "little")
