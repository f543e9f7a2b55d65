"""Who answers whom: managers the people of their own institution, administrators everybody else.

So each applicant stands in one queue: a new institution, or one that has nobody to answer, in the administrators'.
"""

from __future__ import annotations

from django.db.models import QuerySet

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role


def with_managers() -> QuerySet[Institution]:
    """The institutions that are in and have somebody to answer their own people."""
    return Institution.objects.filter(
        kind=Institution.Kind.MEMBER,
        state=Institution.State.APPROVED,
        members__role=Role.MANAGER,
        members__state=Member.State.APPROVED,
        members__is_active=True,
    )
