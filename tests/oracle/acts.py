"""What people do: drawn by hypothesis, done through the program's services and, in the same moment, to the model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from hypothesis import strategies as st

from ingestion.submissions.drafts import from_document
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.opening import open_to_public
from iocmarket.accounts.partners import renew_agreement
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.services import create_token, revoke_token
from iocmarket.accounts.viewer import Viewer as ProgramViewer
from iocmarket.audit.services import PLATFORM, Actor
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.leaving import leave_circle
from iocmarket.indicators.merging import merge_institutions
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.services import amend, withdraw
from iocmarket.indicators.sightings import Observation, report_sightings, retract
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import FULL, PAP, TLP
from iocmarket.privacy.erasing_institutions import erase_institution, take_chunk
from tests.oracle.cast import VALUES, Anybody, Cast, Key
from tests.oracle.nouns import PARTNER, RED, Said, Told, Viewer

CEILINGS: tuple[dict[str, Any], ...] = (
    {"tlp_ceiling": TLP.CLEAR},
    {"tlp_ceiling": TLP.GREEN},
    {"tlp_ceiling": TLP.AMBER},
    {"operated_by": Token.OperatedBy.PROVIDER},
)
STEP = timedelta(seconds=1)

number = st.integers(0, 99)
addressed = st.one_of(
    st.just(("community", frozenset[int]())),
    st.just(("own", frozenset[int]())),
    st.tuples(st.just("circle"), st.frozensets(st.integers(0, 1), min_size=1, max_size=1)),
    st.tuples(st.just("recipients"), st.frozensets(st.integers(0, 7), min_size=1, max_size=3)),
)
said = st.fixed_dictionaries(
    {
        "tlp": st.sampled_from(TLP),
        "pap": st.sampled_from(PAP),
        "to": addressed,
        "anonymous": st.sampled_from([False, False, True]),
        "threat": st.sampled_from(["other", "c2", "phishing", "scan"]),
        "confidence": st.sampled_from([20, 60, 90]),
        "hours": st.sampled_from([None, None, 1, 30, 400]),
    }
)
extra = st.fixed_dictionaries(
    {
        "report": st.sampled_from(["", "", "Campagne"]),
        "explicit": st.booleans(),
        "ago": st.sampled_from([0, 0, 5, 700]),
        "machine": st.sampled_from([False, False, True]),
    }
)
values = st.frozensets(st.sampled_from(VALUES), min_size=1, max_size=2)
changed = st.frozensets(
    st.sampled_from(["marking", "to", "anonymous", "threat", "confidence", "hours"]), min_size=1, max_size=3
)
kinds = st.sampled_from(["seen", "seen", "false-positive", "expired"])
a_submission = st.tuples(st.just("submit"), number, values, said, extra)
_ACTS: dict[str, tuple[int, st.SearchStrategy[tuple[Any, ...]]]] = {
    "submit": (6, a_submission),
    "amend": (4, st.tuples(st.just("amend"), number, number, said, changed)),
    "withdraw": (2, st.tuples(st.just("withdraw"), number, number)),
    "sight": (
        3,
        st.tuples(
            st.just("sight"), number, st.sampled_from(VALUES), kinds, st.sampled_from([0, 0, 3, 50]), st.booleans()
        ),
    ),
    "retract": (1, st.tuples(st.just("retract"), number, number)),
    "renew": (1, st.tuples(st.just("renew"), number, number)),
    "join": (2, st.tuples(st.just("join"), number, number)),
    "leave": (1, st.tuples(st.just("leave"), number, number)),
    "token": (2, st.tuples(st.just("token"), number, number)),
    "revoke": (1, st.tuples(st.just("revoke"), number)),
    "depart": (1, st.tuples(st.just("depart"), number, st.booleans())),
    "erase": (1, st.tuples(st.just("erase"), number)),
    "merge": (1, st.tuples(st.just("merge"), number, number)),
    "agree": (1, st.tuples(st.just("agree"), st.sampled_from([2, 40, 24 * 20]))),
    "open": (1, st.tuples(st.just("open"), st.booleans())),
    "suspend": (1, st.tuples(st.just("suspend"), number)),
    "admit": (1, st.tuples(st.just("admit"), number)),
    "wait": (2, st.tuples(st.just("wait"), st.sampled_from([1, 7, 40, 24 * 20]))),
}
"""What may happen, and how often."""
act = st.sampled_from([name for name, (often, _each) in _ACTS.items() for _ in range(often)]).flatmap(
    lambda name: _ACTS[name][1]
)
CLOSING = frozenset({"leave", "revoke", "suspend", "depart", "erase", "merge", "open", "wait"})
"""After these somebody has lost views at once, whatever is published."""


class Refused(Exception):  # noqa: N818 (an outcome that both sides must agree on)
    """The model refuses an act."""


class Life:
    """A cast in which things happen, once in the program and once in the model."""

    def __init__(self, cast: Cast, traveller: time_machine.Traveller) -> None:
        self.cast = cast
        self.traveller = traveller
        self.world = cast.world(clock.now())
        self.keys: list[Key | Anybody] = list(cast.keys)
        self.rows: dict[Told, int] = {}
        """The contribution of each statement of the model, and the row of each sighting."""

    def perform(self, name: str, *details: Any) -> None:
        """One act, and a moment that passes."""
        getattr(self, f"_{name}")(*details)
        self._pass(STEP)

    def session(self, member: int) -> tuple[ProgramViewer, Viewer]:
        """The person's own eyes, whether let in or not."""
        person = self.cast.members[member % len(self.cast.members)]
        home = self.world.homes[person.pk]
        scopes = frozenset({scope.value for scope in Scope})
        seen = ProgramViewer(institution_id=home, ceiling=FULL, member_id=person.pk, scopes=scopes)
        return seen, Viewer(home, member=person.pk)

    def _machine(self, institution: int) -> tuple[ProgramViewer, Viewer]:
        """What writes for the institution without a person."""
        scopes = frozenset({scope.value for scope in Scope})
        return ProgramViewer(institution_id=institution, ceiling=FULL, scopes=scopes), Viewer(institution)

    def _pass(self, step: timedelta) -> None:
        self.world.pass_on(step)
        self.traveller.shift(step)

    def _wait(self, hours: int) -> None:
        self._pass(timedelta(hours=hours))

    def _submit(self, who: int, values: frozenset[str], said: dict[str, Any], extra: dict[str, Any]) -> None:
        seen, viewer = self.session(who)
        if viewer.institution not in self.world.approved:
            return  # nobody of such an institution gets so far
        if extra["machine"]:
            seen, viewer = self._machine(viewer.institution)
        fields = {**self._fields(said, addressed_by=viewer.institution), "author": viewer.member}
        moment = self.world.now - timedelta(hours=extra["ago"])
        # What one person tells in TLP:RED is in a report of the person's own, where the whole act is in TLP:RED.
        apart = "-red" if fields["tlp"] == RED and not extra["explicit"] else ""
        report = extra["report"] and extra["report"] + apart
        made: dict[str, Said] = {}

        def in_model() -> None:
            for value in sorted(values):
                wish = Said(
                    institution=viewer.institution, value=value, report=report, first=moment, last=moment, **fields
                )
                if not self.world.accepts(wish):
                    raise Refused
                if self.world.submit(wish, explicit=extra["explicit"]):
                    made[value] = wish

        document = self._document(sorted(values), fields, extra, moment)
        sent = self._both(
            lambda: submit(from_document(document), viewer=seen, channel=Submission.Channel.API), in_model
        )
        if sent is None:
            return
        for item in sent.items:
            value = item.draft.canonical.value if item.draft.canonical else ""
            assert item.status == ("accepted" if value in made else "refreshed")
        for value, wish in made.items():
            rows = Contribution.unscoped.filter(indicator__value=value, institution=viewer.institution)
            self.rows[wish] = rows.order_by("-pk").values_list("pk", flat=True)[0]

    def _renew(self, which: int, who: int) -> None:
        """Send again what is said already, as a list does every day: nothing but the value and the same audience."""
        if (held := self._chosen(which)) and held.report.removesuffix("-red") in {"", "Campagne"}:
            kept = {"tlp": TLP.AMBER, "pap": PAP.GREEN, "to": ("community", frozenset()), "anonymous": False}
            kept |= {"threat": "other", "confidence": 60, "hours": None}
            extra = {"report": held.report.removesuffix("-red"), "explicit": False, "ago": 0, "machine": bool(who % 2)}
            author = next(i for i, m in enumerate(self.cast.members) if self.world.homes[m.pk] == held.institution)
            self._submit(author, frozenset({held.value}), kept, extra)

    def _fields(self, said: dict[str, Any], *, addressed_by: int) -> dict[str, Any]:
        """The fields of a statement of the model; what TLP:RED says is said to persons."""
        kind, to = said["to"]
        red = said["tlp"] == RED
        kind = "recipients" if red and kind in {"community", "circle"} else kind
        # Nothing is addressed to a partner: whoever tries is refused.
        institutions, members = (*self.cast.institutions, self.cast.partner), self.cast.members
        named = kind == "recipients"
        return {
            "tlp": int(said["tlp"]),
            "pap": int(said["pap"]),
            "audience": kind,
            "circle": self.cast.circles[min(to)].pk if kind == "circle" else None,
            "recipients": frozenset(institutions[n % len(institutions)].pk for n in to) if named and not red else _NONE,
            "named": frozenset(members[n % len(members)].pk for n in to or {addressed_by}) if named and red else _NONE,
            "anonymous": said["anonymous"],
            "threat": said["threat"],
            "confidence": said["confidence"],
            "until": self.world.now + timedelta(hours=said["hours"]) if said["hours"] else None,
        }

    def _document(self, values: list[str], fields: dict[str, Any], extra: dict[str, Any], moment: Any) -> Any:
        """The same as a sender writes it."""
        told: dict[str, Any] = {
            "tlp": TLP(fields["tlp"]).label, "pap": PAP(fields["pap"]).label, "audience": fields["audience"],
            "anonymous": fields["anonymous"], "threat_type": fields["threat"], "confidence": fields["confidence"],
        }  # fmt: skip
        if fields["audience"] == "recipients":
            members, institutions = self.cast.members, (*self.cast.institutions, self.cast.partner)
            red = fields["tlp"] == RED
            names = {m.pk: m.email for m in members} if red else {i.pk: i.name for i in institutions}
            told["recipients"] = [names[pk] for pk in sorted(fields["recipients"] | fields["named"])]
        if fields["audience"] == "circle":
            told["circle"] = next(c.name for c in self.cast.circles if c.pk == fields["circle"])
        if fields["until"]:
            told["valid_until"] = fields["until"].isoformat()
        if extra["ago"]:
            told |= {"first_seen": moment.isoformat(), "last_seen": moment.isoformat()}
        document: dict[str, Any] = {"defaults": {}, "indicators": [{"value": value, **told} for value in values]}
        if not extra["explicit"]:
            document = {"defaults": told, "indicators": values}
        return {**document, "report": {"title": extra["report"]}} if extra["report"] else document

    def _withdraw(self, which: int, who: int) -> None:
        held = self._chosen(which)
        if held is None:
            return
        seen, viewer = self._hand(held, who)

        def in_model() -> None:
            self._check_own(held, viewer)
            held.withdrawn = True

        self._both(lambda: withdraw(self._found(held, seen), viewer=seen), in_model)

    def _amend(self, which: int, who: int, said: dict[str, Any], changed: frozenset[str]) -> None:
        held = self._chosen(which)
        if held is None:
            return
        seen, viewer = self._hand(held, who)
        changes = self._changes(held, said, changed)

        def in_model() -> None:
            self._check_own(held, viewer)
            if not self.world.amend(held, viewer, changes):
                raise Refused

        self._both(lambda: amend(self._found(held, seen), viewer=seen, changes=_stored(changes)), in_model)

    def _sight(self, who: int, value: str, kind: str, ago: int, machine: bool) -> None:
        seen, viewer = self.session(who)
        if viewer.institution not in self.world.approved:
            return
        if machine:
            seen, viewer = self._machine(viewer.institution)
        at = self.world.now - timedelta(hours=ago)
        found = recognise(value)
        item = Observation(kind=kind, digest=digest_of(found.type.name, value), seen_at=at if ago else None)
        result = report_sightings([item], seen)[0]
        standing = set(self.world.met)
        met = self.world.report(viewer, value, kind, at)
        if met is None:
            assert (result.status, result.reason, result.indicator) == ("refused", "unknown", None)
            return
        assert result.status == ("refreshed" if met in standing else "accepted")
        assert result.sighting is not None
        self.rows[met] = Sighting.unscoped.get(public_id=result.sighting).pk

    def _retract(self, which: int, who: int) -> None:
        standing = [met for met in self.world.met if not met.withdrawn]
        if not standing:
            return
        met = standing[which % len(standing)]
        seen, viewer = self._hand(met, who)

        def in_model() -> None:
            self._check_own(met, viewer)
            met.withdrawn = True

        def in_program() -> None:
            row = Sighting.objects.visible_to(seen).filter(pk=self.rows[met]).first()
            if row is None or viewer.institution not in self.world.approved:
                raise Refusal("unknown", "not there for this viewer")
            retract(row, viewer=seen)

        self._both(in_program, in_model)

    def _changes(self, held: Said, said: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        """What is amended, so that marking and audience go together."""
        if "marking" not in changed:
            said = {**said, "tlp": TLP(held.tlp), "pap": PAP(held.pap)}
        fields = self._fields(said, addressed_by=held.institution)
        names = {"anonymous": ["anonymous"], "threat": ["threat"], "confidence": ["confidence"], "hours": ["until"]}
        names |= {"marking": ["tlp", "pap"], "to": ["audience", "circle", "recipients", "named"]}
        circle = fields["circle"]
        if circle and held.institution not in self.world.circles[circle]:
            fields |= {"audience": "own", "circle": None}
        wanted = set(changed) | ({"to"} if (fields["tlp"] == RED) != (held.tlp == RED) else set())
        return {name: fields[name] for change in sorted(wanted) for name in names[change]}

    def _hand(self, held: Told, who: int) -> tuple[ProgramViewer, Viewer]:
        """Mostly somebody of the institution that said it."""
        colleagues = [i for i, m in enumerate(self.cast.members) if self.world.homes[m.pk] == held.institution]
        return self.session(who if who % 5 == 0 else colleagues[who % len(colleagues)])

    def _check_own(self, held: Told, viewer: Viewer) -> None:
        if not self.world.may_change(held, viewer):
            raise Refused

    def _found(self, held: Said, seen: ProgramViewer) -> Contribution:
        """As a page finds it. Raises Refusal for what is not there for this viewer."""
        row = Contribution.objects.visible_to(seen).filter(pk=self.rows[held]).first()
        if row is None or seen.institution_id not in self.world.approved:
            raise Refusal("unknown", "not there for this viewer")
        return row

    def _chosen(self, which: int) -> Said | None:
        standing = [said for said in self.world.said if not said.withdrawn]
        return standing[which % len(standing)] if standing else None

    def _join(self, which: int, who: int) -> None:
        circle, institution = self.cast.circles[which % 2], self._institution(who)

        def in_model() -> None:
            if institution.pk not in self.world.approved:
                raise Refused
            self.world.circles[circle.pk].setdefault(institution.pk, self.world.now)

        if institution.pk not in self.world.circles[circle.pk]:
            self._both(lambda: join_circle(circle, institution, actor=PLATFORM), in_model)

    def _leave(self, which: int, who: int) -> None:
        circle, institution = self.cast.circles[which % 2], self._institution(who)
        leave_circle(circle, institution, actor=Actor(institution_id=institution.pk))
        self.world.leave(circle.pk, institution.pk)

    def _token(self, who: int, which: int) -> None:
        institution = self.cast.partner if who % 5 == 0 else self._institution(who)
        if institution.pk in self.world.approved and len(self.keys) < 9:
            scopes = [Scope.INDICATORS_READ, Scope.FEEDS_READ]
            made = create_token(
                institution=institution, name="drawn", scopes=scopes, made_by=None, actor=PLATFORM,
                **CEILINGS[which % len(CEILINGS)],
            )  # fmt: skip
            key = Key(institution.pk, made.token, made.secret)
            assert institution.pk not in self.world.outside or key.ceiling <= PARTNER
            self.keys.append(key)
            self.world.keys.append((institution.pk, key.ceiling))

    def _revoke(self, which: int) -> None:
        drawn = self.keys[len(self.cast.keys) :]
        if drawn:
            key = drawn[which % len(drawn)]
            assert isinstance(key, Key)
            revoke_token(key.token, actor=PLATFORM)
            self.keys.remove(key)
            if (key.institution, key.ceiling) in self.world.keys:  # else it ended with its institution
                self.world.keys.remove((key.institution, key.ceiling))

    def _depart(self, who: int, withdraw: bool) -> None:
        institution = self._institution(who)
        if institution.pk in self.world.approved and len(self.world.members()) > 2:
            leave_community(institution, withdraw=withdraw, actor=PLATFORM)
            self.world.depart(institution.pk, withdraw=withdraw)

    def _erase(self, who: int) -> None:
        """The worker does all of it at once: what is published meanwhile is what any chunk would leave."""
        institution = self._institution(who)
        if institution.pk in self.world.approved and len(self.world.members()) > 2:
            made = erase_institution(institution, reason="drawn", actor=PLATFORM)
            while take_chunk(made.pk):
                pass
            self.world.erase(institution.pk)

    def _merge(self, who: int, into: int) -> None:
        source, target = self._institution(who), self._institution(into)
        approved = self.world.approved
        if source.pk != target.pk and {source.pk, target.pk} <= set(approved) and len(self.world.members()) > 2:
            merge_institutions(source, target, actor=PLATFORM)
            self.world.merge(source.pk, target.pk)

    def _agree(self, hours: int) -> None:
        """A new agreement with the partner, whose last one may be over."""
        until = self.world.now + timedelta(hours=hours)
        renew_agreement(self.cast.partner, agreement="texte", until=until, actor=PLATFORM)
        self.world.approved.setdefault(self.cast.partner.pk, self.world.now)
        self.world.until[self.cast.partner.pk] = until

    def _open(self, opened: bool) -> None:
        """The public feed."""
        if open_to_public(opened=opened, actor=PLATFORM):
            self.world.approved.pop(self.cast.anybody.institution, None)
            if opened:
                self.world.approved[self.cast.anybody.institution] = self.world.now

    def _suspend(self, who: int) -> None:
        """No service does it yet: the state alone."""
        institution = self._institution(who)
        if len(self.world.members()) > 2 and institution.pk not in self.world.gone:
            Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
            self.world.approved.pop(institution.pk, None)

    def _admit(self, who: int) -> None:
        institution = self._institution(who)
        if institution.pk not in self.world.approved and institution.pk not in self.world.gone:
            approved = {"state": Institution.State.APPROVED, "approved_at": clock.now()}
            Institution.objects.filter(pk=institution.pk).update(**approved)
            self.world.approved[institution.pk] = self.world.now

    def _institution(self, who: int) -> Institution:
        institution = self.cast.institutions[who % len(self.cast.institutions)]
        institution.refresh_from_db()
        return institution

    def _both(self, in_program: Callable[[], Any], in_model: Callable[[], None]) -> Any:
        """The same act on both sides; None where both refuse it. What one side refuses, the other must refuse."""
        refused = False
        done = None
        try:
            done = in_program()
        except Refusal:
            refused = True
        try:
            in_model()
        except Refused:
            assert refused, "the program takes what the model refuses"
        else:
            assert not refused, "the program refuses what the model takes"
        return done


_NONE: frozenset[int] = frozenset()
_FIELDS = {"circle": "circle_id", "named": "named_members", "threat": "threat_type", "until": "valid_until"}


def _stored(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes under the names and in the forms of the program."""
    found = {_FIELDS.get(name, name): value for name, value in changes.items()}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.items()}
