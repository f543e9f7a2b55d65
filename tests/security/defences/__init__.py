"""Every defence that `python -m tests.security.mutations` takes away, by what it defends."""

from __future__ import annotations

from tests.security.defences.community import COMMUNITY
from tests.security.defences.content import CONTENT

MUTATIONS = (*CONTENT, *COMMUNITY)
