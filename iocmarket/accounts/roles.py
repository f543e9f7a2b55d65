"""Roles, scopes and capabilities: who may do what, one capability a line.

Pages ask for a capability and machines' exits for a scope; nothing but this module knows what a role is worth.
"""

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


_READER = frozenset({Scope.INDICATORS_READ, Scope.FEEDS_READ})
_CONTRIBUTOR = _READER | {
    Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE, Scope.EVIDENCE_WRITE, Scope.EVIDENCE_READ,
}  # fmt: skip

# What a person's session may do, by role: the same words as a token's scopes, so that a view asks one question.
SESSION_SCOPES: dict[str, frozenset[str]] = {
    Role.READER: _READER,
    Role.CONTRIBUTOR: _CONTRIBUTOR,
    Role.MANAGER: _CONTRIBUTOR | {Scope.INSTITUTION_ADMIN},
}

# What needs no right to write: everything else is closed to an institution that did not confirm itself in time.
READING_SCOPES = frozenset({Scope.INDICATORS_READ, Scope.FEEDS_READ, Scope.EVIDENCE_READ, Scope.INSTITUTION_ADMIN})


class Capability(StrEnum):
    """What a person may do beyond reading and sharing: in the own institution, or for the whole community."""

    # Invite people, let them in, change their role, end their sessions, remove them.
    MEMBERS_MANAGE = "institution.members.manage"
    # Make, rotate and revoke tokens and feed keys.
    TOKENS_MANAGE = "institution.tokens.manage"
    # Have what other servers hold fetched and shared.
    SUBSCRIPTIONS_MANAGE = "institution.subscriptions.manage"
    # Have changes sent to the institution's tools.
    WEBHOOKS_MANAGE = "institution.webhooks.manage"
    # Save feeds under names, and rule what all feeds carry.
    FEEDS_MANAGE = "institution.feeds.manage"
    # Create circles, invite institutions into them, leave them.
    CIRCLES_MANAGE = "institution.circles.manage"
    # Declare what the institution owns, and prove it.
    ASSETS_MANAGE = "institution.assets.manage"
    # Confirm each year that contacts and assets are right.
    CONFIRM = "institution.confirm"
    # Take the institution out of the community.
    LEAVE = "institution.leave"
    # Read what was done in the name of the institution.
    TRAIL_READ = "institution.trail.read"
    # Take everything that the platform holds of the institution.
    EXPORT = "institution.export"
    # Have everything that the institution said and holds erased, for good.
    ERASE = "institution.erase"
    # Answer who asks to be let in.
    APPLICATIONS_DECIDE = "community.applications.decide"
    # Suspend, reinstate and merge institutions, and write that one has left.
    INSTITUTIONS_MANAGE = "community.institutions.manage"
    # Write agreements with partners, and open the public feed.
    PARTNERS_MANAGE = "community.partners.manage"
    # Release or refuse submissions that look like poison, by their figures.
    SUBMISSIONS_REVIEW = "community.submissions.review"
    # Add warning lists, choose what a hit means, make exceptions.
    LISTS_MANAGE = "community.lists.manage"
    # Verify what institutions own where the DNS cannot tell.
    ASSETS_VERIFY = "community.assets.verify"
    # Read what was done by anybody, without the content.
    COMMUNITY_TRAIL_READ = "community.trail.read"
    # Publish a version of the charter.
    CHARTER_PUBLISH = "community.charter.publish"


_OF_THE_COMMUNITY = frozenset(capability for capability in Capability if capability.startswith("community."))
_BY_ROLE: dict[str, frozenset[Capability]] = {
    Role.READER: frozenset(),
    Role.CONTRIBUTOR: frozenset(),
    Role.MANAGER: frozenset(Capability) - _OF_THE_COMMUNITY,
}
_RANKS = tuple(Role)


def capabilities_of(role: str, *, administrator: bool) -> frozenset[Capability]:
    """What a person with this role may do; an administrator of the platform has the community's beside it."""
    return _BY_ROLE.get(role, frozenset()) | (_OF_THE_COMMUNITY if administrator else frozenset())


def roles_up_to(role: str) -> list[Role]:
    """The roles that somebody with this one may give to others: never a higher one."""
    return list(_RANKS[: _RANKS.index(Role(role)) + 1])
