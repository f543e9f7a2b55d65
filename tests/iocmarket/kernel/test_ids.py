"""Identifiers that tell nothing, and the two small languages in which places and moments are written."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.kernel import clock
from iocmarket.kernel.decision import Decision, Refusal
from iocmarket.kernel.ids import digest_of, public_id_of, public_id_text
from iocmarket.kernel.pointer import pointer

names = st.sampled_from(["ipv4", "domain", "url"])
values = st.text(min_size=1, max_size=80)
KEY = b"a key that only the server has"


@given(names, values)
def test_the_public_id_is_a_uuid_of_version_8_and_the_rfc_variant(name: str, value: str) -> None:
    found = public_id_of(name, value, key=KEY)
    assert found.version == 8
    assert found.variant == RFC_4122


@given(names, values)
def test_the_public_id_is_always_the_same_and_another_under_another_key(name: str, value: str) -> None:
    assert public_id_of(name, value, key=KEY) == public_id_of(name, value, key=KEY)
    assert public_id_of(name, value, key=KEY) != public_id_of(name, value, key=b"another key")


@given(names, values)
def test_the_public_id_is_the_mac_but_for_version_and_variant(name: str, value: str) -> None:
    number = int.from_bytes(hmac.digest(KEY, f"{name}:{value}".encode(), "sha256")[:16])
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    assert public_id_of(name, value, key=KEY) == UUID(int=number)
    assert public_id_text(name, value, key=KEY) == UUID(int=number).hex


def test_the_layout_keeps_122_bits_of_the_mac() -> None:
    found = public_id_of("ipv4", "198.51.100.7", key=KEY)
    assert found == UUID(int=found.int & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)
    others = {public_id_of("ipv4", f"198.51.100.{n}", key=KEY).int for n in range(256)}
    differing = 0
    for other in others:
        differing |= other ^ found.int
    assert differing.bit_count() == 122


@given(names, values)
def test_the_digest_is_sha256_of_type_and_value(name: str, value: str) -> None:
    assert digest_of(name, value) == hashlib.sha256(f"{name}:{value}".encode()).digest()


def test_the_same_text_under_two_types_is_two_indicators() -> None:
    assert digest_of("domain", "evil.fr") != digest_of("url", "evil.fr")


moments = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))


@given(moments)
def test_a_stamp_has_six_decimals_and_reads_back(moment: datetime) -> None:
    text = clock.stamp(moment)
    assert len(text) == len("2026-01-01T00:00:00.000000Z")
    assert datetime.fromisoformat(text) == moment


@given(moments, moments)
def test_stamps_sort_like_their_moments(first: datetime, second: datetime) -> None:
    assert (clock.stamp(first) < clock.stamp(second)) == (first < second)


def test_a_stamp_is_in_utc_whatever_the_zone() -> None:
    paris = timezone(timedelta(hours=2))
    assert clock.stamp(datetime(2026, 7, 1, 2, 30, tzinfo=paris)) == "2026-07-01T00:30:00.000000Z"


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (("indicators", 3, "tlp"), "/indicators/3/tlp"),
        (("a/b", "m~n"), "/a~1b/m~0n"),
        ((), ""),
        (("",), "/"),
        (("x" * 100,), "/" + "x" * 60),
    ],
)
def test_pointers_are_those_of_rfc_6901(steps: tuple[object, ...], text: str) -> None:
    assert pointer(*steps) == text


def test_a_decision_is_true_when_allowed_and_keeps_its_reason() -> None:
    assert Decision(True, "own")
    assert not Decision(False, "not_yours")
    assert Decision(False, "not_yours").reason == "not_yours"


def test_a_refusal_shows_its_code_and_its_sentence() -> None:
    assert str(Refusal("too_wide", "wider than /8", where="/indicators/0")) == "too_wide: wider than /8"
