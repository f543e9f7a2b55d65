"""What a mutation is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One defence: where it stands, what takes its place, and who must notice."""

    defence: str
    path: str
    search: str
    replace: str
    tests: tuple[str, ...]
