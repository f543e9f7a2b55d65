"""Readers that go on from where they were, as machines do; each must end up with what a fresh reader holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from iocmarket.accounts.viewer import Viewer as ProgramViewer
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.access import entries_of, views_of
from iocmarket.publication.models import Entry
from tests.oracle.acts import Life
from tests.oracle.nouns import Viewer

BODY = ("view_id", "stix_id", "date_added", "body")


def program_viewer(viewer: Viewer) -> ProgramViewer:
    """The same eyes in the program."""
    tlp, pap = viewer.ceiling
    return ProgramViewer(
        institution_id=viewer.institution,
        ceiling=Marking(TLP(tlp), PAP(pap)),
        member_id=viewer.member,
        community_only=viewer.outside,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody holds of one view, and the place from which to go on."""

    cursor: datetime
    objects: dict[UUID, bytes]


@dataclass(slots=True)
class Reader:
    """One exit of an institution. `old`: all that it ever held, to go on from there as if it had slept since."""

    viewer: Viewer
    held: dict[int, Held] = field(default_factory=dict)
    old: list[dict[int, Held]] = field(default_factory=list)

    def go_on(self, *, approved: bool) -> None:
        """Read every view from its cursor; a view that is lost is forgotten, at once and for ever."""
        viewer = program_viewer(self.viewer)
        views = list(views_of(viewer)) if approved else []
        kept = {view.pk for view in views}
        self.held = {pk: held for pk, held in self.held.items() if pk in kept}
        self.old = [{pk: held for pk, held in each.items() if pk in kept} for each in self.old]
        fresh = self.fresh()
        self.held = _continued(self.held, fresh, kept)
        for each in self.old:
            slept = _continued(each, fresh, set(each))
            assert {pk: held.objects for pk, held in slept.items()} == {pk: _objects(fresh, pk) for pk in each}
        assert {pk: held.objects for pk, held in self.held.items()} == {pk: _objects(fresh, pk) for pk in kept}
        self.old = [*self.old, self.held][-12:]

    def fresh(self) -> list[Entry]:
        """What is there for somebody who reads for the first time, oldest first."""
        viewer = program_viewer(self.viewer)
        return list(entries_of(viewer, views_of(viewer)).only(*BODY))


def _continued(held: dict[int, Held], rows: list[Entry], views: set[int]) -> dict[int, Held]:
    """What a reader holds after asking each view for what came after its cursor."""
    found = {pk: held.get(pk, Held(datetime.min.replace(tzinfo=rows[0].date_added.tzinfo), {})) for pk in views if rows}
    for row in rows:
        place = found.get(row.view_id)
        if place is not None and row.date_added > place.cursor:
            objects = {**place.objects, row.stix_id: bytes(row.body)}
            found[row.view_id] = replace(place, cursor=row.date_added, objects=objects)
    return found


def _objects(rows: list[Entry], view: int) -> dict[UUID, bytes]:
    return {row.stix_id: bytes(row.body) for row in rows if row.view_id == view}


@dataclass(slots=True)
class Readers:
    """A reader at every exit: each institution's full one, and each drawn token's narrower one."""

    life: Life
    by_exit: dict[Viewer, Reader] = field(default_factory=dict)
    heads: dict[int, datetime] = field(default_factory=dict)
    versions: dict[tuple[int, UUID], tuple[datetime, bytes]] = field(default_factory=dict)

    def go_on(self) -> None:
        """All read on, and what was written since is later than all that was there."""
        self._check_order()
        exits = {key.viewer for key in self.life.keys}
        self.by_exit = {viewer: self.by_exit.get(viewer, Reader(viewer)) for viewer in exits}
        for viewer, reader in self.by_exit.items():
            reader.go_on(approved=viewer.institution in self.life.world.approved)

    def _check_order(self) -> None:
        """`date_added` rises strictly in each view: what is new or changed comes after all that was there before."""
        rows = Entry.objects.order_by("view_id", "date_added").values_list(*BODY)
        heads = dict(self.heads)
        for view, number, added, body in rows:
            version = (added, bytes(body))
            if self.versions.get((view, number)) != version:
                assert view not in heads or added > heads[view]
                self.versions[view, number] = version
            self.heads[view] = max(added, self.heads.get(view, added))
