"""What a provider said of a person, once its signature, time and address were found right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.internal.emailkit import valid_email_or_none

SUBJECT_LENGTH = 191
"""Characters: the room that the library's table has for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """`scopes` are those that it said, not yet those that it may say. An address that is none is empty."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    email: str
    email_refuted: bool
    name: str
    second_factor: bool
    authenticated_at: float = 0.0
    """When the person last proved it there, in seconds since 1970; 0 when the provider does not say."""


def subject_key(kind: str, value: str) -> str:
    """The subject as it is kept: with its kind, so that no identifier of one kind is ever taken for another's."""
    key = f"{kind}:{value}"
    return key if len(key) <= SUBJECT_LENGTH else f"{kind}:sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def scopes_in(values: Iterable[object]) -> frozenset[str]:
    """`member@univ.example` and `univ.example` alike."""
    found = (value.rpartition("@")[2].strip().lower() for value in values if isinstance(value, str))
    return frozenset(one for one in found if one)


def address_in(values: Iterable[object]) -> str:
    """The first address that is one, in small letters."""
    for value in values:
        if isinstance(value, str) and (valid := valid_email_or_none(value)):
            return str(valid).lower()
    return ""


def name_in(values: Iterable[object]) -> str:
    """The first name, on one line, no longer than a member's may be."""
    for value in values:
        if isinstance(value, str) and (name := " ".join("".join(x if x.isprintable() else " " for x in value).split())):
            return name[:150]
    return ""
