"""What of a viewer decides on what may be read: the shape by which statements are kept (prepared.py)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.marking import Marking
from iocmarket.publication.access import views_of


@dataclass(frozen=True, slots=True)
class Exit:
    """What of a viewer decides on what may be read; equal for all tokens of one institution and one ceiling."""

    institution_id: int
    ceiling: Marking
    member_id: int | None
    community_only: bool = False

    @classmethod
    def of(cls, viewer: Viewer) -> Exit:
        """That of a viewer."""
        return cls(viewer.institution_id, viewer.ceiling, viewer.member_id, viewer.community_only)

    @property
    def viewer(self) -> Viewer:
        """A viewer that sees the same; it may do nothing."""
        return Viewer(
            institution_id=self.institution_id,
            ceiling=self.ceiling,
            member_id=self.member_id,
            community_only=self.community_only,
        )


def read_by(exit_: Exit) -> Q:
    """The entries of the complete views that this exit reads, at its ceiling."""
    return Q(view__in=views_of(exit_.viewer))
