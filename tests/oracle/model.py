"""The rules of the domain once more, in plain Python: no database, no import from the program.

Written from the rules and not from the code, so that the two can disagree. Everything is computed anew at each
question from the statements as they stand; nothing is kept but what the rules call history: since when somebody reads
a view, and until when a view said something of a value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracle.nouns import FULL, GREEN, RED, Ceiling, Facts, Met, Said, Told, View, Viewer

BLOCKING = GREEN
"""The strictest PAP under which a value may be blocked."""
THRESHOLD = 30
GRAIN = timedelta(hours=6)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WIDEST = ("community", "circle", "recipients", "own")


@dataclass(slots=True)
class World:
    """Institutions, members, circles, keys and everything that was said."""

    lifetimes: dict[str, int]
    """Of each value, in days."""
    homes: dict[int, int]
    """The institution of each member."""
    now: datetime
    approved: dict[int, datetime] = field(default_factory=dict)
    """The institutions that read and share, and since when."""
    circles: dict[int, dict[int, datetime]] = field(default_factory=dict)
    """Of each circle the institutions, and since when."""
    keys: list[tuple[int, Ceiling]] = field(default_factory=list)
    """The usable tokens, and anybody."""
    outside: frozenset[int] = frozenset()
    """Partners and the public: they read what the whole community is told, and are told nothing else."""
    until: dict[int, datetime] = field(default_factory=dict)
    """When the agreements with partners end."""
    said: list[Said] = field(default_factory=list)
    met: list[Met] = field(default_factory=list)
    needed: dict[View, datetime] = field(default_factory=dict)
    """Every view that was ever needed, and since when; one that exists is kept."""
    stated: dict[tuple[View, str], datetime] = field(default_factory=dict)
    """When a view last said something of a value."""
    gone: set[int] = field(default_factory=set)
    """The institutions that have left, or are part of another one now."""
    published: set[tuple[View, str]] = field(default_factory=set)
    """What a complete publication has told at some time."""

    # Who sees what

    def visible(self, told: Told, viewer: Viewer) -> bool:
        """The visibility rule."""
        if told.withdrawn or viewer.institution not in self.approved or told.pap > viewer.ceiling[1]:
            return False
        if told.tlp == RED:
            return viewer.member is not None and viewer.member in {told.author, *told.named}
        return told.tlp <= viewer.ceiling[0] and not told.audiences.isdisjoint(self.audiences_read(viewer))

    def audiences_read(self, viewer: Viewer) -> frozenset[str]:
        """The audiences that a viewer belongs to now."""
        if viewer.institution not in self.approved:
            return frozenset()
        if viewer.institution in self.outside:
            return frozenset({"community"})
        joined = {f"circle:{circle}" for circle, members in self.circles.items() if viewer.institution in members}
        return frozenset({"community", f"inbox:{viewer.institution}", *joined})

    def views(self, viewer: Viewer) -> frozenset[View]:
        """The views that a viewer reads."""
        return frozenset((audience, viewer.ceiling) for audience in self.audiences_read(viewer))

    def reads_since(self, audience: str, institution: int) -> datetime:
        """Withdrawals before this moment are never told to the institution: it gained the view then, or later."""
        kind, _, number = audience.partition(":")
        approved = self.approved[institution]
        return max(approved, self.circles[int(number)][institution]) if kind == "circle" else approved

    def seen(self, viewer: Viewer, value: str) -> list[Said]:
        """The statements on a value that a viewer may see."""
        return [said for said in self.said if said.value == value and self.visible(said, viewer)]

    def met_by(self, viewer: Viewer, value: str) -> list[Met]:
        """The sightings of a value that a viewer may see."""
        return [met for met in self.met if met.value == value and self.visible(met, viewer)]

    # What is told

    def entry(self, view: View, value: str) -> Facts | None:
        """What a view says of a value: sightings say nothing alone."""
        said = [told for told in self.said if told.value == value and _within(told, view)]
        return self.facts(said, [met for met in self.met if met.value == value and _within(met, view)])

    def log(self, view: View) -> dict[str, Facts]:
        """All that a view says, but for withdrawals."""
        return {value: facts for value in self.lifetimes if (facts := self.entry(view, value))}

    def told(self, viewer: Viewer, value: str, *, live: bool = False) -> list[Facts]:
        """A viewer's entries of a value, a person's own one among them; `live`: those that have not expired."""
        red = [said for said in self.seen(viewer, value) if said.tlp == RED]
        own = self.facts(red, [met for met in self.met_by(viewer, value) if met.tlp == RED])
        found = [own, *(self.entry(view, value) for view in self.views(viewer))]
        return [facts for facts in found if facts and (facts.live or not live)]

    def score(self, viewer: Viewer, value: str, moment: datetime) -> float:
        """The highest score of a viewer's entries, at a moment."""
        found = [0.0]
        for facts in self.told(viewer, value, live=True):
            age = max(0.0, (moment - facts.last) / timedelta(days=self.lifetimes[value]))
            found.append(facts.base * max(0.0, 1 - age * age))
        return max(found)

    def blocks(self, viewer: Viewer, value: str) -> bool:
        """Whether a blocking feed carries a value: every view of the institution at its full ceiling decides.

        Those outside decide over what they read.
        """
        machine = Viewer(viewer.institution, viewer.ceiling if viewer.institution in self.outside else FULL)
        shown, deciding = self.told(viewer, value, live=True), self.told(machine, value)
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        permitted = all(facts.pap <= BLOCKING for facts in (*shown, *deciding)) and not self.contested(machine, value)
        return bool(shown) and permitted and self.score(viewer, value, hour) >= THRESHOLD

    def contested(self, viewer: Viewer, value: str) -> bool:
        """Whether false positives keep a value out of an institution's blocking feeds."""
        reports = [met for met in self.met_by(viewer, value) if met.kind == "false-positive"]
        against, said = {met.speaker for met in reports}, {said.speaker for said in self.seen(viewer, value)}
        enough = len(against) >= 2 and len(against) >= len(said)
        own = any(met.institution == viewer.institution for met in reports)
        return own or bool(said and against and (said <= against or enough))

    def facts(self, said: Sequence[Said], met: Sequence[Met] = (), *, every: bool = False) -> Facts | None:
        """Statements together. Expired ones speak when there is no other, or with `every`; their marking counts."""
        if not said:
            return None
        speaking = [s for s in said if every or s.until is None or s.until > self.now] or said
        speakers = frozenset(s.speaker for s in speaking)
        first = min(s.first for s in speaking)
        last = max([*(s.last for s in speaking), *(m.at for m in met if m.kind == "seen")])
        contesting = {m.speaker for m in met if m.kind == "false-positive"}
        gone = {m.speaker for m in met if m.kind == "expired" and m.at > last} - contesting
        confidence = max(s.confidence for s in speaking)
        against = len(contesting) + len(gone) / 2
        base = min(100.0, confidence * min(1.6, 1 + 0.2 * (len(speakers) - 1)))
        base *= 1 - 0.5 * against / (len(speakers) + against)
        share = math.sqrt(1 - THRESHOLD / base) if base > THRESHOLD else 0.0
        crossing = last + share * timedelta(days=self.lifetimes[said[0].value])
        until = EPOCH + ((crossing - EPOCH) // GRAIN + 1) * GRAIN
        ends = [s.until for s in speaking if s.until is not None]
        until = min(until, max(ends)) if len(ends) == len(speaking) else until
        return Facts(
            tlp=max(s.tlp for s in said), pap=max(s.pap for s in said), live=until > self.now,
            threats=frozenset(s.threat for s in speaking), institutions=len(speakers), contesting=len(contesting),
            confidence=confidence, base=base, first=first, last=last, speakers=speakers,
            until=max(until, first + timedelta(microseconds=1)),  # STIX wants an end after the beginning
        )  # fmt: skip

    # What people do

    def accepts(self, wish: Said) -> bool:
        """Whether everybody whom a statement names is there, for its author; TLP:RED is said by a person."""
        named = wish.recipients | {self.homes[member] for member in wish.named}
        circle = wish.circle is None or wish.institution in self.circles[wish.circle]
        return named <= set(self.members()) and circle and (wish.tlp != RED or wish.author is not None)

    def members(self) -> list[int]:
        """The institutions that share, and to which something may be addressed."""
        return [institution for institution in self.approved if institution not in self.outside]

    def submit(self, wish: Said, *, explicit: bool) -> bool:
        """Whether it is new; else what stands is renewed. `explicit`: said of this very value, not a default."""
        held = next((held for held in self.said if not held.withdrawn and held.stands_for(wish)), None)
        (held or wish).refreshed = self.now
        if held is None:
            self.said.append(wish)
            return True
        if explicit:
            held.tlp, held.pap = max(held.tlp, wish.tlp), max(held.pap, wish.pap)
            held.confidence = wish.confidence
        held.anonymous = held.anonymous or wish.anonymous
        held.first, held.last = min(held.first, wish.first), max(held.last, wish.last)
        held.threat = wish.threat if wish.threat != "other" else held.threat
        if wish.until or (held.until and held.until <= self.now):
            held.until = wish.until
        return False

    def report(self, viewer: Viewer, value: str, kind: str, at: datetime) -> Met | None:
        """Report a sighting, to those of the widest statement that the reporter sees; None for an unknown value."""
        seen = self.seen(viewer, value)
        if not seen:
            return None
        told = min(seen, key=lambda s: (WIDEST.index(s.audience), s.tlp, s.pap, self.said.index(s)))
        persons = {told.author} - {None} if told.tlp == RED else set()
        senders = {told.institution} if told.audience == "recipients" and told.tlp != RED else set()
        met = Met(
            institution=viewer.institution, author=viewer.member, value=value, tlp=told.tlp, pap=told.pap,
            audience=told.audience, circle=told.circle, recipients=told.recipients | senders,
            named=frozenset(filter(None, told.named | persons)), kind=kind, at=at,
            anonymous=any(s.anonymous and s.institution == viewer.institution for s in seen),
            hour=at.replace(minute=0, second=0, microsecond=0) if kind == "seen" else None,
        )  # fmt: skip
        # The youngest: institutions that became one may have two.
        held = next((held for held in reversed(self.met) if not held.withdrawn and held.stands_for(met)), None)
        if held is None:
            self.met.append(met)
            return met
        held.at = max(held.at, at)
        return held

    def may_change(self, told: Told, viewer: Viewer) -> bool:
        """What one's own institution told; in TLP:RED what one told oneself."""
        mine = told.institution == viewer.institution and self.visible(told, viewer)
        return mine and (told.tlp != RED or told.author == viewer.member)

    def amend(self, said: Said, viewer: Viewer, changes: Mapping[str, Any]) -> bool:
        """Change a statement; whether that is possible beside the others of its author."""
        before = {name: getattr(said, name) for name in ("author", "tlp", *changes)}
        for name, value in changes.items():
            setattr(said, name, value)
        if said.tlp == RED and before["tlp"] != RED:
            said.author = viewer.member
        if any(held.stands_for(said) for held in self.said if held is not said and not held.withdrawn):
            for name, value in before.items():
                setattr(said, name, value)
            return False
        said.refreshed = self.now
        return True

    def leave(self, circle: int, institution: int) -> None:
        """Lose a circle, and take back what was told in it."""
        if self.circles[circle].pop(institution, None):
            for told in (*self.said, *self.met):
                told.withdrawn = told.withdrawn or (told.institution == institution and told.circle == circle)

    def depart(self, institution: int, *, withdraw: bool) -> None:
        """Go for good: circles are lost, keys end, and with `withdraw` nothing that was told stands."""
        for circle in self.circles:
            self.leave(circle, institution)
        for told in (*self.said, *self.met) if withdraw else ():
            told.withdrawn = told.withdrawn or told.institution == institution
        self._go(institution)

    def erase(self, institution: int) -> None:
        """Go for good, and everything with it; what nobody else ever told a view is no withdrawal, but was never there.

        Of a value of which nothing is left nobody tells anything more, nor what others met of it.
        """
        for members in self.circles.values():
            members.pop(institution, None)
        before, self.said = self.said, [said for said in self.said if said.institution != institution]
        known = {said.value for said in self.said}
        self.met = [met for met in self.met if met.institution != institution and met.value in known]
        for view, value in [*self.stated]:
            alone = {s.institution for s in before if s.value == value and _ever_within(s, view)} == {institution}
            if alone or value not in known:
                del self.stated[view, value]
                self.published.discard((view, value))
        self._go(institution)

    def merge(self, source: int, target: int) -> None:
        """Everything of the source is the target's; what both said stands once, or in a report apart."""
        for members in self.circles.values():
            if members.pop(source, None):
                members.setdefault(target, self.now)
        self._settle_titles(source, target)
        for told in (*self.said, *self.met):
            told.recipients = frozenset(target if pk == source else pk for pk in told.recipients)
        self._reunite(source, target)
        for told in (*self.said, *self.met):
            told.institution = target if told.institution == source else told.institution
        self.homes.update({member: target for member, home in self.homes.items() if home == source})
        self._go(source)

    def _settle_titles(self, source: int, target: int) -> None:
        """Each title once; what persons tell in TLP:RED is in reports of their own."""
        taken = {said.report for said in self.said if said.institution == target}
        for said in self.said:
            if said.institution == source and said.report in taken and said.report and not said.report.endswith("-red"):
                said.report += f" of {source}"

    def _reunite(self, source: int, target: int) -> None:
        alone = [s for s in self.said if not s.withdrawn and not s.report and s.tlp != RED]
        for theirs in [said for said in alone if said.institution == source]:
            ours = next((s for s in alone if s.institution == target and s.value == theirs.value), None)
            if ours is None:
                continue
            old, new = sorted((theirs, ours), key=lambda said: said.refreshed or EPOCH)
            names = ("audience", "tlp", "pap", "anonymous", "circle")
            same = all(getattr(theirs, name) == getattr(ours, name) for name in names)
            if same and theirs.recipients - {target} == ours.recipients - {target}:
                new.first, new.last = min(new.first, old.first), max(new.last, old.last)
                old.withdrawn = True
            else:
                old.report = f"apart of {source}"

    def _go(self, institution: int) -> None:
        self.approved.pop(institution, None)
        self.keys = [key for key in self.keys if key[0] != institution]
        self.gone.add(institution)

    # History

    def pass_on(self, step: timedelta) -> None:
        """Note what is said and needed now, and let time pass."""
        for institution, ceiling in [*self.keys, *((institution, FULL) for institution in self.members())]:
            for view in self.views(Viewer(institution, ceiling)):
                self.needed.setdefault(view, self.now)
        for circle in self.circles:
            self.needed.setdefault((f"circle:{circle}", FULL), self.now)
        for view in self.needed:
            self.stated |= {(view, value): self.now for value in self.log(view)}
        self.now += step
        for institution, end in self.until.items():
            if end <= self.now:
                self.approved.pop(institution, None)

    def withdrawals(self, view: View) -> tuple[set[str], set[str]]:
        """The values that a view must, and those that it may, tell as withdrawn after a complete publication."""
        gone = {value for value in self.lifetimes if (view, value) in self.stated and not self.entry(view, value)}
        may = {value for value in gone if self.stated[view, value] >= self.needed[view]}
        return {value for value in may if (view, value) in self.published}, may


def _within(told: Told, view: View) -> bool:
    return not told.withdrawn and _ever_within(told, view)


def _ever_within(told: Told, view: View) -> bool:
    audience, (tlp, pap) = view
    return told.tlp <= tlp and told.pap <= pap and audience in told.audiences
