"""Roles and scopes: who may do what, one capability a line."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a member is within the own institution. Administrators of the platform have a flag beside it."""

    READER = "reader", _("Reader")
    CONTRIBUTOR = "contributor", _("Contributor")
    MANAGER = "manager", _("Manager")


class Scope(StrEnum):
    """What a token may do (contracts.md, Tokens)."""

    INDICATORS_READ = "indicators:read"
    INDICATORS_WRITE = "indicators:write"
    FEEDS_READ = "feeds:read"
    SIGHTINGS_WRITE = "sightings:write"
    EVIDENCE_WRITE = "evidence:write"
    EVIDENCE_READ = "evidence:read"
    INSTITUTION_ADMIN = "institution:admin"


# What a person's session may do, by role: the same words as a token's scopes, so that a view asks one question.
SESSION_SCOPES: dict[str, frozenset[str]] = {
    Role.READER: frozenset({Scope.INDICATORS_READ, Scope.FEEDS_READ}),
    Role.CONTRIBUTOR: frozenset(
        {Scope.INDICATORS_READ, Scope.FEEDS_READ, Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE}
    ),
    Role.MANAGER: frozenset(
        {
            Scope.INDICATORS_READ,
            Scope.FEEDS_READ,
            Scope.INDICATORS_WRITE,
            Scope.SIGHTINGS_WRITE,
            Scope.INSTITUTION_ADMIN,
        }
    ),
}
