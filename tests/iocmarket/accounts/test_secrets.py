"""The form of a token: what secret scanners recognise and MISP clients accept."""

from __future__ import annotations

import hashlib
import zlib

from hypothesis import given
from hypothesis import strategies as st

from iocmarket.accounts.secrets import ALPHABET, LENGTH, digest_of, is_well_formed, new_secret

fresh = st.builds(new_secret)


@given(fresh)
def test_a_token_has_forty_alphanumeric_characters_and_begins_with_iocm(secret: str) -> None:
    assert len(secret) == LENGTH == 40
    assert set(secret) <= set(ALPHABET)
    assert ALPHABET.isalnum()
    assert len(set(ALPHABET)) == 62
    assert secret.startswith("iocm")
    assert is_well_formed(secret)


@given(fresh)
def test_the_last_six_characters_are_the_crc_32_of_the_others_in_base_62(secret: str) -> None:
    number = 0
    for digit in secret[-6:]:
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(secret[:34].encode())


@given(fresh, st.integers(0, 39), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_told_without_the_database(secret: str, at: int, other: str) -> None:
    typed = secret[:at] + other + secret[at + 1 :]
    assert is_well_formed(typed) == (typed == secret)


@given(st.text(max_size=60))
def test_other_text_is_no_token(text: str) -> None:
    assert not is_well_formed(text)


@given(fresh)
def test_digits_of_other_scripts_are_no_digits(secret: str) -> None:
    assert not is_well_formed(secret[:-1] + "\N{ARABIC-INDIC DIGIT ONE}")
    assert not is_well_formed(secret + "\n")


def test_two_tokens_are_never_the_same() -> None:
    assert len({new_secret() for _ in range(1000)}) == 1000


@given(fresh)
def test_the_database_keeps_the_sha256(secret: str) -> None:
    assert digest_of(secret) == hashlib.sha256(secret.encode()).digest()
