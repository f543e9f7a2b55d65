"""Letters to the managers of an institution."""

from __future__ import annotations

from collections.abc import Mapping

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.web.mails import send_mail_later


def write_to_managers(institution: Institution, template: str, context: Mapping[str, object]) -> int:
    """One letter to each manager who is let in, once the transaction stands; how many. No manager gets to know of
    another one by it.
    """
    managers = Member.objects.filter(
        institution=institution, role=Role.MANAGER, state=Member.State.APPROVED, is_active=True
    )
    told = {"institution": institution.name, **context}
    addresses = sorted(managers.values_list("email", flat=True))
    for address in addresses:
        send_mail_later(template, address, told)
    return len(addresses)
