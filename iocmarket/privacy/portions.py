"""What the core gives to who asks for the own data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Model, Q, QuerySet

from iocmarket.accounts.models import Asset, CircleInvitation, CircleMembership, Institution, Invitation, Member, Token
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Report, Sighting
from iocmarket.kernel.marking import TLP
from iocmarket.privacy.erasing import OF_THE_PERSON_ALONE
from iocmarket.privacy.exporting import Portion, Rows, portions

_CHUNK = 2000
_MEMBER = (
    "public_id", "email", "name", "role", "is_administrator", "state", "why", "decided_reason", "is_active",
    "language", "date_joined", "last_login", "previous_visit_at", "language",
)  # fmt: skip
_TOKEN = (
    "public_id", "name", "hint", "scopes", "tlp_ceiling", "operated_by", "tool", "feed", "networks", "created_at",
    "expires_at", "revoked_at", "last_used_at", "last_used_address", "last_used_client",
)  # fmt: skip
_SAID = (
    "public_id", "threat_type", "tlp", "pap", "audience", "anonymous", "subtree", "confidence", "comment", "tags",
    "first_seen", "last_seen", "valid_until", "created_at", "refreshed_at", "withdrawn_at",
)  # fmt: skip
_MET = ("public_id", "kind", "count", "seen_at", "source", "tlp", "pap", "audience", "created_at", "withdrawn_at")
_INVITATION = ("email", "role", "created_at", "expires_at")
_REPORT = ("public_id", "title", "description", "tlp", "pap", "audience", "created_at")
_EVENT = ("public_id", "at", "action", "address", "client", "subject_type", "subject_id", "details")
_SECRET = frozenset({"data", "key", "secret", "token", "token_secret", "password", "session_key", "extra_data"})
"""Columns of others' apps that open something: they are in no export."""


def rows(found: QuerySet[Any], columns: Iterable[str], **more: F) -> Rows:
    """The rows of a query, one by one."""
    yield from found.order_by("pk").values(*columns, **more).iterator(chunk_size=_CHUNK)


def _member(member: Member) -> Rows:
    yield from rows(Member.objects.filter(pk=member.pk), _MEMBER, institution_name=F("institution__name"))


def _ways_in(member: Member) -> Rows:
    """Addresses, sessions and means of logging in, as far as apps for that are there; no secret."""
    for relation in Member._meta.related_objects:  # noqa: SLF001 (Django's documented model _meta API)
        model = relation.related_model
        if isinstance(model, str) or model._meta.app_label not in OF_THE_PERSON_ALONE:  # noqa: SLF001 (same)
            continue
        columns = [field.name for field in model._meta.concrete_fields if field.name not in _SECRET]  # noqa: SLF001
        for row in rows(model._default_manager.filter(**{relation.field.name: member}), columns):  # noqa: SLF001
            yield {"kind": model._meta.label_lower, **row}  # noqa: SLF001 (same)


def _institution(institution: Institution) -> Rows:
    columns = ("public_id", "name", "kind", "state", "created_at", "approved_at", "contact_email", "agreement")
    yield from rows(Institution.objects.filter(pk=institution.pk), columns)


def _said(condition: Q) -> Rows:
    yield from rows(
        Contribution.unscoped.filter(condition), _SAID,
        type=F("indicator__type"), value=F("indicator__value"), report_title=F("report__title"),
    )  # fmt: skip


def _met(condition: Q) -> Rows:
    yield from rows(Sighting.unscoped.filter(condition), _MET, type=F("indicator__type"), value=F("indicator__value"))


def _in_institution(model: type[Model], columns: Iterable[str]) -> Any:
    return lambda institution: rows(model._default_manager.filter(institution=institution), columns)  # noqa: SLF001


def _not_in_person(institution: Institution) -> Q:
    """TLP:RED is its author's alone: it is in no export of the institution."""
    return Q(institution=institution, tlp__lt=TLP.RED)


def register() -> None:
    """Called once, when the app is ready."""
    portions.register(
        Portion(name="profile", models=("accounts.Member",), of_member=_member),
        Portion(
            name="means_of_logging_in",
            models=(
                "account.EmailAddress",
                "mfa.Authenticator",
                "socialaccount.SocialAccount",
                "usersessions.UserSession",
            ),
            of_member=_ways_in,
        ),
        Portion(name="institution", models=("accounts.Institution",), of_institution=_institution),
        Portion(name="members", models=("accounts.Member",), of_institution=_in_institution(Member, _MEMBER)),
        Portion(
            name="invitations",
            models=("accounts.Invitation",),
            of_member=lambda member: rows(
                Invitation.objects.filter(Q(made_by=member) | Q(member=member) | Q(email__iexact=member.email)),
                (*_INVITATION, "accepted_at", "revoked_at"),
            ),
            of_institution=_in_institution(Invitation, (*_INVITATION, "accepted_at", "revoked_at")),
        ),
        Portion(
            name="tokens",
            models=("accounts.Token",),
            of_member=lambda member: rows(Token.objects.filter(made_by=member), _TOKEN),
            of_institution=_in_institution(Token, _TOKEN),
        ),
        Portion(
            name="assets",
            models=("accounts.Asset",),
            of_institution=_in_institution(Asset, ("public_id", "kind", "value", "declared_at", "verified_at")),
        ),
        Portion(
            name="circles",
            models=("accounts.CircleMembership",),
            of_institution=lambda institution: rows(
                CircleMembership.objects.filter(institution=institution), ("joined_at",), name=F("circle__name")
            ),
        ),
        Portion(
            name="circle_invitations",
            models=("accounts.CircleInvitation",),
            of_institution=lambda institution: rows(
                CircleInvitation.objects.filter(Q(institution=institution) | Q(invited_by=institution)),
                ("created_at", "expires_at"),
                circle_name=F("circle__name"),
                asked=F("institution__name"),
                asked_by=F("invited_by__name"),
            ),
        ),
        Portion(
            name="statements",
            models=("indicators.Contribution", "indicators.Indicator"),
            of_member=lambda member: _said(Q(author=member)),
            of_institution=lambda institution: _said(_not_in_person(institution)),
        ),
        Portion(
            name="sightings",
            models=("indicators.Sighting",),
            of_member=lambda member: _met(Q(author=member)),
            of_institution=lambda institution: _met(_not_in_person(institution)),
        ),
        Portion(
            name="reports",
            models=("indicators.Report",),
            of_member=lambda member: rows(Report.objects.filter(author=member), _REPORT),
            of_institution=lambda institution: rows(Report.objects.filter(_not_in_person(institution)), _REPORT),
        ),
        Portion(
            name="acts",
            models=("audit.Event",),
            of_member=lambda member: rows(
                Event.objects.filter(Q(actor=member) | Q(subject_id=member.public_id)), _EVENT
            ),
            of_institution=lambda institution: rows(Event.objects.filter(institution=institution), _EVENT),
        ),
    )
