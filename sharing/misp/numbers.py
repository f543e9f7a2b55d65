"""Numbers: random where they are stored, computed from a public id or a name where nothing is.

Random, because a counter would tell every reader how much he does not see (domain.md, rule 5).
"""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from sharing.misp.models import NUMBER_MAX


def draw() -> int:
    """A new number from 1 on. Whoever stores it draws again when it is taken."""
    return secrets.randbelow(NUMBER_MAX) + 1


def number_of(name: UUID | str) -> int:
    """The number of what has a public id or name of its own (an organisation, a tag): always the same."""
    return int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:4], "big") % NUMBER_MAX + 1
