"""What tests begin with, made through the services where these exist; small functions, every choice a keyword."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ingestion.submissions.values import reversed_name
from iocmarket.accounts import services
from iocmarket.accounts.addresses import mark_verified
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution, Indicator, Sighting
from iocmarket.indicators.services import withdraw as take_back
from iocmarket.indicators.sightings import Observation, report_sightings
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import digest_of, public_id_of
from iocmarket.kernel.marking import FULL, PAP, TLP
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce
from iocmarket.publication.publisher import run_until_idle
from iocmarket.vetting.applying import Told, address_confirmed, apply
from iocmarket.vetting.models import Application

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"


def make_institution(name: str = "", *, domains: Iterable[str] = (), approved: bool = True) -> Institution:
    """An approved institution."""
    name = name or f"Université {next(_numbers)}"
    return services.create_institution(name=name, domains=domains, approved=approved, actor=PLATFORM)


def make_member(
    institution: Institution | None = None, *, role: Role = Role.CONTRIBUTOR, email: str = "", **extra: Any
) -> Member:
    """A member who is let in and logs in with PASSWORD."""
    return services.create_member(
        email=email or f"member{next(_numbers)}@example.org",
        institution=institution or make_institution(),
        role=role,
        password=PASSWORD,
        actor=PLATFORM,
        **extra,
    )


def make_applicant(
    institution: str = "",
    *,
    email: str = "",
    confirmed: bool = True,
    name: str = "Ada",
    **told: Any,
) -> Application:
    """Somebody who asks for access, with a confirmed address unless that is what the test is about."""
    member = Member.objects.create_user(email or f"applicant{next(_numbers)}@example.net", PASSWORD)
    said = Told(name=name, institution=institution or f"École {next(_numbers)}", **{"why": "CSIRT", **told})
    application = apply(member, said)
    if confirmed:
        mark_verified(member)
        address_confirmed(member)
    application.refresh_from_db()
    return application


def make_token(
    institution: Institution,
    *,
    name: str = "test",
    scopes: Iterable[str] = (Scope.INDICATORS_READ, Scope.FEEDS_READ),
    **extra: Any,
) -> str:
    """The secret of a new token."""
    return services.create_token(
        institution=institution, name=name, scopes=scopes, made_by=None, actor=PLATFORM, **extra
    ).secret


def viewer_for(institution: Institution, *, scopes: Iterable[str] = ()) -> Viewer:
    """What one of the institution's own machines sees."""
    return Viewer(institution_id=institution.pk, ceiling=FULL, scopes=frozenset(scopes))


def indicator_of(raw: str, *, type_name: str) -> Indicator:
    """The row of a value, made when it is not there."""
    value = ioc_types[type_name].normalise(raw, explicit=True).value
    name = ioc_types[type_name].dns_name(value)
    found, _ = Indicator.unscoped.get_or_create(
        digest=digest_of(type_name, value),
        defaults={
            "public_id": public_id_of(type_name, value, key=settings.INDICATOR_ID_KEY.encode()),
            "type": type_name,
            "value": value,
            "network": ioc_types[type_name].network(value),
            "reversed_name": reversed_name(name) if name else None,
        },
    )
    return found


@transaction.atomic
def contribute(
    institution: Institution,
    raw: str = "",
    *,
    type_name: str = "ipv4",
    audience: str = "community",
    recipients: Iterable[Institution] = (),
    tlp: TLP = TLP.AMBER,
    pap: PAP = PAP.GREEN,
    seen: datetime | None = None,
    **extra: Any,
) -> Contribution:
    """A statement exactly as asked for, announced to the publisher; nothing decides about it on the way.

    Without a value, an IPv4 address that no other test has.
    """
    seen = seen or timezone.now() - timedelta(hours=1)
    named = sorted(other.pk for other in recipients)
    made = Contribution.unscoped.create(
        indicator=indicator_of(raw or unused_address(), type_name=type_name),
        institution=institution,
        audience=audience,
        recipients=named,
        tlp=tlp,
        pap=pap,
        **{"first_seen": seen, "last_seen": seen, **extra},
    )
    tell(made)
    return made


def withdraw(contribution: Contribution) -> None:
    """Take a statement back, as its own institution does."""
    viewer = viewer_for(contribution.institution, scopes=[Scope.INDICATORS_WRITE])
    take_back(contribution, viewer=viewer)


def report(
    reporter: Institution | Viewer, value: Indicator | Contribution, kind: str = "false-positive", **extra: Any
) -> Sighting:
    """A sighting of a value that the reporter sees, through the service; by a machine, or by whoever is given."""
    viewer = viewer_for(reporter, scopes=[Scope.SIGHTINGS_WRITE]) if isinstance(reporter, Institution) else reporter
    indicator = value.indicator if isinstance(value, Contribution) else value
    (result,) = report_sightings([Observation(kind=kind, public_id=indicator.public_id, **extra)], viewer)
    if result.sighting is None:
        raise ValueError(f"the sighting was refused: {result.reason}")
    return Sighting.unscoped.get(public_id=result.sighting)


@transaction.atomic
def tell(contribution: Contribution, *, also: Iterable[str] = ()) -> None:
    """Announce a contribution to the audiences that it has now, and to those (keys) that it had before."""
    announce({contribution.indicator_id: audiences_of(contribution) | frozenset(also)})


def publish() -> int:
    """Publish everything that was announced; the number of versions written."""
    return run_until_idle()


def unused_address() -> str:
    """A public-looking address that was not given out before."""
    number = next(_numbers)
    return f"45.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass(frozen=True, slots=True)
class Reader:
    """An institution with a token that reads."""

    institution: Institution
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request of its machine carries."""
        return {"Authorization": f"Bearer {self.secret}"}

    @property
    def viewer(self) -> Viewer:
        """What visibility follows from."""
        return viewer_for(self.institution)


def make_reader(name: str = "", **extra: Any) -> Reader:
    """A new institution with a token that reads."""
    institution = make_institution(name)
    return Reader(institution, make_token(institution, **extra))
