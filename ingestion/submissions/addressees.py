"""Those to whom a submission is told: names as the sender typed them, resolved once for all its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestion.submissions.choices import Choices, place
from ingestion.submissions.drafts import Sending
from iocmarket.accounts.circles import circles_named
from iocmarket.accounts.lookups import approved_named, members_at
from iocmarket.accounts.models import CircleMembership, Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.visibility import circles_of
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.kernel.pointer import pointer

CROWD = 5
"""Among fewer institutions a statement without a name is as good as signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressees:
    """Ids by the names under which the sender addressed them."""

    institutions: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    circles: dict[str, int] = field(default_factory=dict)
    crowds: dict[str, int] = field(default_factory=dict)
    """How many institutions the community and each circle have; asked only for who wants no name."""

    def hides_nobody(self, choices: Choices) -> bool:
        """Whether the name is left out before so few that it can be guessed (domain.md, rule 6)."""
        if not choices.anonymous or choices.audience == "own":
            return False
        named = {*self.institutions.values()} if choices.audience == "recipients" else set()
        crowd = len(named) + 1 if named else self.crowds.get(choices.circle, 0)
        return choices.tlp is TLP.RED or crowd < CROWD

    def recipients(self, choices: Choices) -> list[int]:
        """The institutions that a statement is addressed to, as it stores them: in order, each once."""
        return [] if choices.tlp is TLP.RED else sorted({self.institutions[name] for name in choices.recipients})

    def named_members(self, choices: Choices) -> list[int]:
        """The persons that a TLP:RED statement names, in order, each once."""
        return sorted({self.members[name] for name in choices.recipients}) if choices.tlp is TLP.RED else []

    def check_circles(self, viewer: Viewer) -> None:
        """Whether the sender is in every circle still: asked under the lock that leaving one takes, too.

        Raises Refusal(`unknown_circle`).
        """
        if lost := set(self.circles.values()) - set(circles_of(viewer.institution_id)):
            name = next(name for name, pk in self.circles.items() if pk in lost)
            raise Refusal("unknown_circle", f"{name[:80]!r} is not a circle that you are in")

    def circle(self, choices: Choices) -> int | None:
        """The circle that a statement is addressed to."""
        return self.circles[choices.circle] if choices.circle else None


def addressees_of(sending: Sending, *, viewer: Viewer) -> Addressees:
    """Resolve every name of a submission; raises as `resolve` does."""
    return resolve(_every(sending), viewer=viewer)


def resolve(said: Iterable[tuple[str, Choices]], *, viewer: Viewer) -> Addressees:
    """Resolve every name in choices, each with the place where it stands.

    Raises Refusal with its place: `unknown_recipient`, `unknown_member`, `unknown_circle`, and `red_needs_a_person`
    when a machine says TLP:RED.
    """
    institutions: dict[str, int] = {}
    members: dict[str, int] = {}
    circles: dict[str, int] = {}
    hiding = False
    for where, choices in said:
        hiding = hiding or choices.anonymous
        if choices.tlp is TLP.RED and viewer.member_id is None:
            detail = "TLP:RED is said by a person, not by a token"
            raise Refusal("red_needs_a_person", detail, where=place(where, "tlp"))
        at = place(where, "recipients")
        for name in choices.recipients:
            if choices.tlp is TLP.RED and name not in members:
                members[name] = members_at([name], where=at)[0].pk
            elif choices.tlp is not TLP.RED and name not in institutions:
                institutions[name] = approved_named([name], where=at)[0].pk
        if choices.circle and choices.circle not in circles:
            found = circles_named([choices.circle], institution_id=viewer.institution_id, where=place(where, "circle"))
            circles[choices.circle] = found[0].pk
    crowds = _crowds(circles) if hiding else {}
    return Addressees(institutions=institutions, members=members, circles=circles, crowds=crowds)


def _crowds(circles: dict[str, int]) -> dict[str, int]:
    """By the name of a circle, and for the community by the empty one."""
    sizes = Counter(CircleMembership.objects.filter(circle__in=circles.values()).values_list("circle_id", flat=True))
    community = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER).count()
    return {"": community, **{name: sizes[pk] for name, pk in circles.items()}}


def _every(sending: Sending) -> Iterable[tuple[str, Choices]]:
    yield sending.defaults_at, sending.choices
    for draft in sending.drafts:
        if draft.choices is not sending.choices:
            yield pointer("indicators", draft.index), draft.choices
