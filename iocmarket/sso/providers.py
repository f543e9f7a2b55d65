"""The providers that are there: those of the environment, then those of the database; whom each speaks for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from iocmarket.accounts.models import Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal
from iocmarket.sso.config import ProviderConfig, ServiceConfig, read_federation, read_provider
from iocmarket.sso.models import FederationProvider, FederationScope
from iocmarket.vetting.vouching import NEW

_COLUMNS = ("slug", "name", "protocol", "issuer", "enabled")


def providers() -> list[ProviderConfig]:
    """All that are enabled, by name. One of the environment takes the place of the database's of the same issuer."""
    found = list(read_federation(settings.FEDERATION).providers)
    slugs, issuers = {one.slug for one in found}, {one.issuer for one in found}
    rows = FederationProvider.objects.filter(enabled=True).prefetch_related("scopes__institution")
    found += [_from_row(row) for row in rows if row.slug not in slugs and row.issuer not in issuers]
    return sorted((one for one in found if one.enabled), key=lambda one: one.name.casefold())


def provider_named(slug: str) -> ProviderConfig | None:
    """The one with this name in our addresses."""
    return next((one for one in providers() if one.slug == slug), None)


def provider_of(issuer: str) -> ProviderConfig | None:
    """The one that names itself so."""
    return next((one for one in providers() if one.issuer == issuer), None)


def service() -> ServiceConfig:
    """Us."""
    return read_federation(settings.FEDERATION).service


def institution_for(config: ProviderConfig, scopes: Iterable[str]) -> tuple[Institution, str]:
    """The one institution that the scopes stand for, and the scope that says so; others than its own do not count.

    A scope of an institution that was merged stands for the one that took it in. Raises Refusal: `scope_unknown`,
    `scope_ambiguous`.
    """
    found: dict[int, tuple[Institution, str]] = {}
    for scope in sorted(set(scopes) & set(config.scopes)):
        if institution := _institution(config.scopes[scope]):
            found.setdefault(institution.pk, (institution, scope))
    if not found:
        raise Refusal("scope_unknown", "the provider names no institution that it may speak for")
    if len(found) > 1:
        raise Refusal("scope_ambiguous", "the provider names several institutions")
    return next(iter(found.values()))


def newcomer_for(config: ProviderConfig, scopes: Iterable[str]) -> tuple[str, str] | None:
    """The name of the one institution that the scopes stand for and that has yet to come in, and the scope; or None."""
    said = {config.scopes[scope]: scope for scope in sorted(set(scopes) & set(config.scopes))}
    if len(said) != 1:
        return None
    ((named, scope),) = said.items()
    found = _institution(named)
    if found is None:
        return None if _is_public_id(named) else (named, scope)
    new = found.state in NEW and found.kind == Institution.Kind.MEMBER
    return (found.name, scope) if new else None


def _is_public_id(named: str) -> bool:
    try:
        uuid.UUID(named)
    except ValueError:
        return False
    return True


def _institution(named: str) -> Institution | None:
    key = {"public_id": named} if _is_public_id(named) else {"name__iexact": named}
    found = Institution.objects.filter(**key).first()
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    return found


@transaction.atomic
def keep_provider(config: ProviderConfig, *, actor: Actor) -> FederationProvider:
    """Write a provider into the database, in the place of the one with the same slug.

    The issuer never changes: people are known by it, and another provider would be taken at its word for them.
    Raises Refusal: `issuer_changed`, `issuer_taken`, `institution_unknown`.
    """
    held = FederationProvider.objects.select_for_update().filter(slug=config.slug).first()
    if held is not None and held.issuer != config.issuer:
        raise Refusal("issuer_changed", f"{config.slug} is {held.issuer}: another issuer is another provider")
    if FederationProvider.objects.filter(issuer=config.issuer).exclude(slug=config.slug).exists():
        raise Refusal("issuer_taken", f"{config.issuer} is there under another slug")
    named = {scope: _institution(name) for scope, name in config.scopes.items()}
    if unknown := [config.scopes[scope] for scope, found in named.items() if found is None]:
        raise Refusal("institution_unknown", f"there is no institution {unknown[0]!r}")
    row = held or FederationProvider(slug=config.slug, issuer=config.issuer)
    row.name, row.protocol, row.enabled = config.name, config.protocol.value, config.enabled
    row.secret, row.settings = config.client_secret, _words(config)
    row.save()
    row.scopes.all().delete()
    FederationScope.objects.bulk_create(
        FederationScope(provider=row, value=scope, institution=found) for scope, found in named.items() if found
    )
    record(
        "federation.provider_kept", actor=actor, subject_type="federation-provider",
        details={"slug": row.slug, "issuer": row.issuer, "enabled": row.enabled, "scopes": sorted(config.scopes)},
    )  # fmt: skip
    return row


@transaction.atomic
def switch_provider(slug: str, *, enabled: bool, actor: Actor) -> None:
    """Open or close the way in; who is logged in stays so. Raises Refusal(`provider_unknown`)."""
    if not FederationProvider.objects.filter(slug=slug).update(enabled=enabled):
        raise Refusal("provider_unknown", f"the database has no provider {slug!r}")
    record(
        "federation.provider_switched", actor=actor, subject_type="federation-provider",
        details={"slug": slug, "enabled": enabled},
    )  # fmt: skip


def _words(config: ProviderConfig) -> dict[str, object]:
    """What has no column: in the words of config.py."""
    return {
        "mail_domains": list(config.mail_domains),
        "attributes": {name: list(names) for name, names in config.attributes.items()},
        "second_factor": list(config.second_factor),
        "ask_second_factor": config.ask_second_factor,
        "client_id": config.client_id,
        "ask_scopes": list(config.ask_scopes),
        "sso_url": config.sso_url,
        "certificates": list(config.certificates),
        "subject": config.subject.value,
    }


def _from_row(row: FederationProvider) -> ProviderConfig:
    columns = {name: getattr(row, name) for name in _COLUMNS}
    scopes = {one.value: str(one.institution.public_id) for one in row.scopes.all()}
    said = {**row.settings, **columns, "scopes": scopes, "client_secret": row.secret}
    return read_provider(said, f"the provider {row.slug} of the database")


def speaks_for(config: ProviderConfig, institution: Institution) -> bool:
    """Whether this provider may speak for the institution."""
    return any(_institution(named) == institution for named in set(config.scopes.values()))
