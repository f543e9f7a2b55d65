"""PAP decides whom a value may be told to (domain.md, PAP). A pure function: the whole rule is on this page.

| strictest PAP | may run |
|---|---|
| RED | local |
| AMBER | + passive look-ups at third parties |
| GREEN, CLEAR | + active ones |

Whatever leaves the machine also tells somebody the value, so TLP bounds it too: up to GREEN, or AMBER where the
service is the community's processor (a contract binds it to the community's purposes, GDPR article 28).
"""

from __future__ import annotations

from enum import StrEnum

from iocmarket.kernel.decision import Decision
from iocmarket.kernel.marking import PAP, TLP

PERMITTED = Decision(allowed=True, reason="permitted")
# One answer for every refusal, and the same as for an exhausted quota: a reason would tell somebody who sees only a
# lenient statement that a stricter one exists.
NOT_AVAILABLE = Decision(allowed=False, reason="not_available")


class PapClass(StrEnum):
    """What an enricher does with a value, by what an attacker could notice of it."""

    LOCAL = "local"
    """Files on this machine; nothing leaves it, not even a DNS query."""
    PASSIVE = "passive-third-party"
    """Asks a third party that does not contact the value's owner."""
    ACTIVE = "active"
    """Contacts the value itself or its owner's servers: resolve, ping, fetch."""


LAST_PAP = {PapClass.LOCAL: PAP.RED, PapClass.PASSIVE: PAP.AMBER, PapClass.ACTIVE: PAP.GREEN}


def may_run(pap_class: PapClass, strictest_pap: PAP, strictest_tlp: TLP, *, processor: bool = False) -> Decision:
    """Whether an enricher of that class may see a value so marked.

    The markings are the strictest of *all* live contributions, also those that the asking viewer may not see.
    """
    if strictest_pap > LAST_PAP[pap_class]:
        return NOT_AVAILABLE
    if pap_class is PapClass.LOCAL:
        return PERMITTED
    last_tlp = TLP.AMBER if processor else TLP.GREEN
    return PERMITTED if strictest_tlp <= last_tlp else NOT_AVAILABLE
