"""What the page offers to set for one line before it leaves, and what holds for it so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import Draft
from ingestion.submissions.edits import Edit, Row, can_be_read_again
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.types.base import IocType, Trait
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.web.defanged import label_of

Option = tuple[str, str]
_OF_MARKING = frozenset({"red_names_persons", "recipients_missing"})
"""Refusals that another marking lifts."""
_TLP = tuple((level.slug, f"TLP:{level.label}") for level in TLP)
_PAP = tuple((level.slug, f"PAP:{level.label}") for level in PAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The controls of one line."""

    key: str
    """Names its fields in the form."""
    edit: Edit
    proposed: bool
    marking: tuple[TLP, PAP] | None
    """Where it is another one than that of the batch."""
    threat: str
    """Where the words around it or a person say one."""
    comment: str
    tags: tuple[str, ...]
    types: SafeString
    """Options of the types as which it can be read; empty when there is nothing to choose."""
    tlps: SafeString
    paps: SafeString
    threats: SafeString
    may_take: bool
    """Whether it is refused only in doubt: whoever insists may share it."""
    may_mark: bool

    @property
    def kept(self) -> list[Option]:
        """What was set for a line that is left out, so that it stands there again when the line comes back."""
        held = [(name, getattr(self.edit, name)) for name in ("type", "tlp", "pap", "threat")]
        return [(f"{name}-{self.key}", value) for name, value in held if value]

    @property
    def is_open(self) -> bool:
        """Whether something was set, so that its controls are shown."""
        return self.edit.is_said


def look_of(row: Row, batch: Choices) -> Look:
    """The controls of one row."""
    choices, edit, read = row.draft.choices, row.edit, row.read
    code = read.refusal.code if read.refusal else ""
    own_marking = (choices.tlp, choices.pap) != (batch.tlp, batch.pap)
    types: tuple[str, ...] = ()
    if can_be_read_again(read):
        types = readable_as(read.input) if read.canonical is None else _beside(read.type)
    return Look(
        key=row.key,
        edit=edit,
        proposed=row.proposed,
        marking=(choices.tlp, choices.pap) if own_marking else None,
        threat=choices.threat_type if choices.threat_type != batch.threat_type else "",
        comment=choices.comment if choices.comment != batch.comment else "",
        tags=choices.tags if choices.tags != batch.tags else (),
        types=_type_options(read, types, edit.type),
        tlps=_options(_inherited(read, "tlp", _TLP, _("TLP: as the batch")), _TLP, edit.tlp),
        paps=_options(_inherited(read, "pap", _PAP, _("PAP: as the batch")), _PAP, edit.pap),
        threats=_options(_threat_read(read), _threats(get_language() or ""), edit.threat),
        may_take=code == "said_harmless",
        may_mark=read.canonical is not None or code in _OF_MARKING or bool(edit.type) or edit.taken,
    )


@lru_cache(maxsize=4096)
def readable_as(text: str) -> tuple[str, ...]:
    """The types that this text can be, if somebody says so; but for rules, which no line holds."""
    return tuple(kind.name for kind in ioc_types if Trait.RULE not in kind.traits and _reads(kind, text))


@lru_cache(maxsize=256)
def _beside(type_name: str) -> tuple[str, ...]:
    """The types as which values of a type can usually be read too: a proposal, which the next look proves."""
    return readable_as(ioc_types[type_name].examples[0][1])


def _reads(kind: IocType, text: str) -> bool:
    try:
        kind.read(text, explicit=True)
    except Refusal:
        return False
    return True


def _type_options(read: Draft, types: tuple[str, ...], chosen: str) -> SafeString:
    own = read.type if read.canonical is not None else ""
    others = sorted(((name, label_of(name)) for name in types if name != own), key=lambda each: each[1].casefold())
    if not others:
        return SafeString("")
    if chosen and chosen not in types:
        others.append((chosen, label_of(chosen)))
    return _options(label_of(own) if own else _("Type"), tuple(others), chosen)


def _inherited(read: Draft, name: str, levels: tuple[Option, ...], otherwise: str) -> str:
    """What holds while nothing is set: the label that stands in the line, or that of the batch."""
    said = dict(levels).get(str(read.said.get(name, "")))
    return _("%(label)s, says the text") % {"label": said} if said else otherwise


def _threat_read(read: Draft) -> str:
    said = read.said.get("threat_type")
    label: str | Promise = ThreatType(said).label if said else ""
    return _("%(label)s, says the text") % {"label": label} if said else _("Threat: as the batch")


@lru_cache(maxsize=8)
def _threats(language: str) -> tuple[Option, ...]:
    del language  # the labels are those of the language that is active
    return tuple((kind.value, str(kind.label)) for kind in ThreatType)


@lru_cache(maxsize=2048)
def _options(unset: str, others: Iterable[Option], chosen: str) -> SafeString:
    """Drawn once for all lines that offer the same: five hundred lines have twenty thousand options."""
    first = format_html('<option value="">{}</option>', unset)
    rest = format_html_join(
        "", '<option value="{}"{}>{}</option>',
        ((value, SafeString(" selected") if value == chosen.lower() else "", label) for value, label in others),
    )  # fmt: skip
    return first + rest
