"""Passwords: found in each of their usual spellings, refused as items, kept nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.credentials import holds_secret, redact, redact_value, secrets_in
from ingestion.readers.free_text import read
from iocmarket.indicators.refang import refang

SECRET = "Tr0ub4dor&3"

LEAKS = [
    f"j.martin@univ.fr:{SECRET}",
    f"j.martin[@]univ[.]fr:{SECRET}",
    f"j.martin@univ.fr|{SECRET}",
    f"jmartin@host:{SECRET}",
    f"jmartin:{SECRET}@cas.univ.fr",
    f"https://cas.univ.fr/login:jmartin:{SECRET}",
    f"https://cas.univ.fr/login:j.martin@univ.fr:{SECRET}",
    f"Login: jmartin Password: {SECRET}",
    f"Host: https://cas.univ.fr | Username: jmartin | Password: {SECRET}",
    f"URL: https://cas.univ.fr\nUser: jmartin\nPass: {SECRET}",
    f"identifiant : jmartin\nmot de passe : {SECRET}",
    f"URL;LOGIN;MOT DE PASSE\nhttps://cas.univ.fr/;jmartin;{SECRET}",
    f"login,password\njmartin,{SECRET},askew",
    f'{{"user":"jmartin","password":"{SECRET}"}}',
]

HARMLESS = [
    "git@github.com:org/repo.git",
    "mailto:bob@evil-campus.org",
    "From:bob@evil-campus.org",
    "bob@evil-campus.org: à bloquer",
    "| bob@evil-campus.org | phishing | high |",
    "bob@evil-campus.org;phishing",
    "Conservez votre mot de passe : https://evil-campus.org/auth",
    "http://user:pa@evil-campus.org:8080/x",
    "https://evil-campus.org:8443/a?b=c:d:e",
    "dkim=pass header.d=evil-campus.org",
    "password spray from 203.0.113.9",
    "203.0.113.9:443 and 2001:db8::1",
    "spf=pass (sender IP is 203.0.113.9)",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_password_is_in_no_item_and_in_no_stored_text(text: str) -> None:
    for candidate in read(text).candidates:
        assert SECRET not in candidate.raw
        assert candidate.canonical is None
        assert candidate.refusal is not None
        assert candidate.refusal.code in {"credential", "no_indicator"}
        assert SECRET not in candidate.refusal.detail
    assert SECRET not in redact(text)


@pytest.mark.parametrize("text", LEAKS[:12])
def test_an_account_with_a_password_is_told_as_such(text: str) -> None:
    assert "credential" in {
        candidate.refusal.code for candidate in read(text).candidates if candidate.refusal is not None
    }


@pytest.mark.parametrize("text", HARMLESS)
def test_what_holds_no_password_stays_as_it_is(text: str) -> None:
    assert redact(text) == text
    assert [candidate for candidate in read(text).candidates if candidate.refusal is not None] == []


def test_only_the_beginning_of_the_account_is_shown() -> None:
    (candidate,) = read(f"j.martin@univ.fr:{SECRET}").candidates
    assert candidate.raw == "j.m•••@…:••••"


def test_values_beside_a_leaked_account_are_read() -> None:
    text = f"j.martin@univ.fr:{SECRET}\nevil-campus.org\n203.0.113.9"
    assert [candidate.type for candidate in read(text).candidates] == [None, "domain", "ipv4"]


def test_a_table_of_accounts_ends_where_its_rows_end() -> None:
    text = f"url;login;password\nhttps://cas.univ.fr;jmartin;{SECRET}\n\nevil-campus.org"
    assert [candidate.type for candidate in read(text).candidates] == [None, "domain"]
    assert redact(text).endswith("evil-campus.org")


@given(st.text(st.characters(), max_size=200))
def test_redaction_never_fails_and_is_stable(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


PIECES = st.sampled_from(
    ["https://", "http://", "bob", "host.fr", "pass", "pwd", "mdp", "login", "user", "10.0.0.1", "2001:db8", "::"]
) | st.sampled_from(":|=@/;,?&.#-_ [](){}\\•\n\ufeff\uff1a")


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=9).map("".join))
def test_a_value_is_blanked_as_the_whole_text_would_be(text: str) -> None:
    assert redact_value(text) == redact(text)
    assert holds_secret(text) == bool(secrets_in(refang(text)))


@pytest.mark.parametrize("text", LEAKS)
def test_every_leak_is_blanked_as_a_value_too(text: str) -> None:
    assert SECRET not in redact_value(text)
