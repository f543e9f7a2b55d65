"""Finding institutions and persons by what a person typed."""

from __future__ import annotations

from collections.abc import Iterable

from iocmarket.accounts.models import Institution, Member
from iocmarket.kernel.decision import Refusal


def institution_named(name: str) -> Institution:
    """The institution of that name, in any case. Raises Refusal(`unknown_institution`)."""
    found = Institution.objects.filter(name__iexact=" ".join(name.split())).first()
    if found is None:
        raise Refusal("unknown_institution", f"there is no institution named {name!r}")
    return found


def approved_named(names: Iterable[str], *, where: str = "") -> list[Institution]:
    """Approved institutions by name, for the recipients of a submission. Raises Refusal(`unknown_recipient`)."""
    found = []
    for name in names:
        institution = Institution.objects.filter(name__iexact=" ".join(name.split())).first()
        if institution is None or not institution.is_approved:
            raise Refusal("unknown_recipient", f"{name[:80]!r} is not a member institution", where=where)
        found.append(institution)
    return found


def members_at(addresses: Iterable[str], *, where: str = "") -> list[Member]:
    """Members who are let in, by e-mail address: TLP:RED names persons. Raises Refusal(`unknown_member`)."""
    found = []
    for address in addresses:
        member = Member.objects.select_related("institution").filter(email__iexact=address.strip()).first()
        if member is None or not member.is_approved:
            raise Refusal("unknown_member", f"{address[:80]!r} is not the address of a member", where=where)
        found.append(member)
    return found
