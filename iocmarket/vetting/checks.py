"""What those who decide are told about an application: facts that a person would look up, each with its weight."""

from __future__ import annotations

import difflib
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from allauth.socialaccount.models import SocialAccount
from disposable_email_domains import blocklist
from django.utils.translation import gettext as _

from iocmarket.accounts.models import Asset, Institution, Member
from iocmarket.vetting.charters import current_charter
from iocmarket.vetting.declared import domain_of, lies_under
from iocmarket.vetting.models import Acceptance, Application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

NEAR = 0.82
"""Likeness of two names (difflib's ratio) from which on they are shown together."""
_NAMES = (Asset.Kind.DOMAIN, Asset.Kind.MAIL_DOMAIN)


@dataclass(frozen=True, slots=True)
class Check:
    """One fact: `ok`, `warn` or `bad`, with its sentence."""

    kind: str
    text: str


def checks_of(member: Member, application: Application | None) -> list[Check]:
    """Every check of one application, in the reader's language."""
    rules = [_provider, _disposable, _address, _charter]
    if member.institution is None or not member.institution.is_approved:
        rules += [_domains_taken, _networks_taken, _similar]  # what a new institution would bring
    return [check for rule in rules for check in rule(member, application)]


def _provider(member: Member, application: Application | None) -> Iterator[Check]:
    """What a log-in service said: that the person is of there, nothing about what the person tells."""
    del application
    for account in SocialAccount.objects.filter(user=member):
        said = {"service": account.provider, "scopes": ", ".join(account.extra_data.get("scopes", []))}
        yield Check("ok", _("The log-in service %(service)s says that this person belongs to %(scopes)s.") % said)


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one above it, gives out throw-away addresses (list of disposable-email-domains, MIT)."""
    labels = domain.split(".")
    return any(".".join(labels[index:]) in blocklist for index in range(len(labels) - 1))


def _disposable(member: Member, application: Application | None) -> Iterator[Check]:
    del application
    if is_disposable(domain_of(member.email)):
        yield Check("bad", _("The address is a throw-away one."))
    else:
        yield Check("ok", _("The address is not a throw-away one."))


def _address(member: Member, application: Application | None) -> Iterator[Check]:
    """The address lies in what the institution owns, or says it owns."""
    domain, institution = domain_of(member.email), member.institution
    if institution is not None and institution.is_approved:
        held = institution.assets.filter(kind__in=_NAMES, verified_at__isnull=False)
        known = list(held.values_list("value", flat=True))
        if lies_under(domain, known):
            yield Check("ok", _("The address lies in a verified domain of the institution."))
        else:
            yield Check("warn", _("The address lies in no verified domain of the institution."))
    elif application is not None and lies_under(domain, application.domains):
        yield Check("ok", _("The address lies in a declared domain."))
    else:
        yield Check("warn", _("The address lies in no declared domain."))


def _domains_taken(member: Member, application: Application | None) -> Iterator[Check]:
    found = False
    mine = application.domains if application else []
    for asset in _of_others(member).filter(kind__in=_NAMES):
        for domain in mine:
            if lies_under(domain, [asset.value]) or lies_under(asset.value, [domain]):
                found = True
                yield _taken(domain, asset)
    if mine and not found:
        yield Check("ok", _("No member has declared these domains."))


def _networks_taken(member: Member, application: Application | None) -> Iterator[Check]:
    mine = [ipaddress.ip_network(text) for text in (application.networks if application else [])]
    for asset in _of_others(member).filter(kind=Asset.Kind.NETWORK) if mine else ():
        try:
            theirs = ipaddress.ip_network(asset.value, strict=False)
        except ValueError:
            continue  # a wrong line of somebody else says nothing about this application
        for network in mine:
            if network.overlaps(theirs):
                yield _taken(str(network), asset)


def _of_others(member: Member) -> QuerySet[Asset]:
    """Of institutions that are in."""
    return (
        Asset.objects.filter(institution__state__in=(Institution.State.APPROVED, Institution.State.SUSPENDED))
        .exclude(institution=member.institution)
        .select_related("institution")
        .order_by("institution__name", "value")
    )


def _taken(what: str, asset: Asset) -> Check:
    sentence = _("%(what)s is declared by %(institution)s already.")
    return Check("bad", sentence % {"what": what, "institution": asset.institution})


def _similar(member: Member, application: Application | None) -> Iterator[Check]:
    institution = member.institution
    if institution is None:
        return
    names = [institution.name] + ([application.institution_name] if application else [])
    others = Institution.objects.exclude(pk=institution.pk).order_by("name").values_list("name", "state")
    for name, state in others:
        if any(map(partial(alike, name), names)):
            label = Institution.State(state).label
            yield Check("warn", _("The name resembles that of %(name)s (%(state)s).") % {"name": name, "state": label})


def alike(first: str, second: str) -> bool:
    """Whether two names could be taken for one another: accents, order and small words aside."""
    one, other = _words(first), _words(second)
    if not one or not other:
        return False
    return one == other or difflib.SequenceMatcher(None, " ".join(one), " ".join(other)).ratio() >= NEAR


_SMALL = frozenset(["de", "du", "des", "la", "le", "les", "l", "d", "et", "of", "the", "and", "a", "au", "aux", "en"])


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return sorted(word for word in re.split(r"[^a-z0-9]+", plain) if word and word not in _SMALL)


def _charter(member: Member, application: Application | None) -> Iterator[Check]:
    del application
    charter = current_charter()
    if charter is None:
        return
    accepted = Acceptance.objects.filter(member=member).order_by("-charter__version").first()
    if accepted is None:
        yield Check("warn", _("The charter was not accepted yet."))
    elif accepted.charter_id == charter.pk:
        yield Check("ok", _("The charter was accepted, version %(version)d.") % {"version": charter.version})
    else:
        yield Check("warn", _("An earlier version of the charter was accepted."))
