"""Whose an account is: of the institution that has proved to own its mail domain, or of nobody here.

An account of nobody is refused while it is read, and nothing of it is kept; of the others only what the owner needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.readers.files import Stolen
from iocmarket.accounts.models import Asset, Institution
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.decision import Refusal


@dataclass(frozen=True, slots=True)
class Routed:
    """An account of a member institution."""

    institution: int
    account: str = field(repr=False)
    service: str = field(repr=False)
    day: str


class Routing:
    """Takes the accounts of one submission; `found` are those that have an owner here, each once."""

    def __init__(self) -> None:
        self.found: list[Routed] = []
        self._seen: set[Routed] = set()
        self._owners: dict[str, int] | None = None

    def take(self, stolen: Stolen) -> Refusal:
        """What the sender is told of it: an account is no indicator, whatever becomes of it."""
        account = _mailbox(stolen.account)
        owner = self._owner(account) if account else None
        if owner is None:
            return Refusal("account_of_nobody", "The account is of no member here: nothing of it was kept.")
        routed = Routed(owner, account, stolen.service, stolen.day)
        if routed not in self._seen:
            self._seen.add(routed)
            self.found.append(routed)
        return Refusal("account_routed", "The account is told to its institution alone, without its password.")

    def _owner(self, account: str) -> int | None:
        """Of the longest verified mail domain that the account lies under."""
        if self._owners is None:
            self._owners = owners()
        name = account.rpartition("@")[2]
        while name:
            if (found := self._owners.get(name)) is not None:
                return found
            name = name.partition(".")[2]
        return None


def _mailbox(text: str) -> str:
    try:
        return recognise(text, "email").canonical.value.lower()
    except Refusal:
        return ""


def owners() -> dict[str, int]:
    """The approved member institution of each verified mail domain."""
    verified = Asset.objects.filter(
        kind=Asset.Kind.MAIL_DOMAIN,
        verified_at__isnull=False,
        institution__state=Institution.State.APPROVED,
        institution__kind=Institution.Kind.MEMBER,
    )
    return {value.strip().strip(".").lower(): pk for value, pk in verified.values_list("value", "institution_id")}
