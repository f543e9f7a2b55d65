"""PAP × action and TLP × viewer over every feed format: a new format is asked by itself, and wrong ones never start.

One value of the first type that a format carries stands in the community for every pair of labels; what each viewer is
given is compared with the table of domain.md, and the answer over HTTP counts exactly these lines.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from django.test import Client

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.viewer import Viewer, viewer_of_token
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.types.base import IocType
from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import Format, Formats, LineFormat, Mode, formats
from sharing.feeds.formats.example import HostsFile
from sharing.feeds.options import read_options
from sharing.feeds.selection import select
from sharing.feeds.state import look
from tests.factories import contribute, make_institution, make_token, publish

LINE_FORMATS = [fmt for fmt in formats if isinstance(fmt, LineFormat)]

VIEWERS: dict[str, tuple[dict[str, Any], TLP, PAP]] = {
    "internal": ({}, TLP.AMBER_STRICT, PAP.RED),
    "provider": ({"operated_by": "provider"}, TLP.AMBER, PAP.AMBER),
    "green": ({"tlp_ceiling": TLP.GREEN}, TLP.GREEN, PAP.RED),
    "clear": ({"tlp_ceiling": TLP.CLEAR}, TLP.CLEAR, PAP.RED),
}
"""Kind of token → up to which TLP and PAP it is told anything (domain.md, Marking)."""
PAIRS = [(tlp, pap) for tlp, pap in product(TLP, PAP) if tlp is not TLP.RED]


def _carried(fmt: LineFormat) -> IocType:
    """The first type that the format carries without options, and of which many values can be made."""
    carried = fmt.carried(fmt.filled({}))
    preferred = ("domain", "ipv4", "url", "sha256", "email")
    return min(carried, key=lambda kind: preferred.index(kind.name) if kind.name in preferred else len(preferred))


def _values(kind: IocType) -> list[str]:
    made = {
        "domain": "evil-{n}-cas.fr",
        "ipv4": "45.9.7.{n}",
        "url": "http://evil-{n}-cas.fr/x",
        "sha256": "{n:064x}",
        "email": "a{n}@evil-{n}-cas.fr",
    }
    if kind.name in made:
        return [made[kind.name].format(n=number) for number in range(11, 11 + len(PAIRS))]
    return [raw for raw, _canonical in kind.examples][:1]


def _permitted(fmt: Format, ceiling: Marking, marking: Marking) -> bool:
    """The table of domain.md, written once more."""
    if marking.tlp > ceiling.tlp or marking.pap > ceiling.pap:
        return False
    return fmt.mode is Mode.DETECT or marking.pap in {PAP.GREEN, PAP.CLEAR}


def _stand(kind: IocType) -> dict[str, Marking]:
    author = make_institution()
    stood = {}
    for value, (tlp, pap) in zip(_values(kind), PAIRS, strict=False):
        stood[contribute(author, value, type_name=kind.name, tlp=tlp, pap=pap).indicator.value] = Marking(tlp, pap)
    publish()
    return stood


def _viewer(institution: Institution, how: str) -> tuple[Viewer, Client]:
    secret = make_token(institution, **VIEWERS[how][0])
    token = Token.objects.filter(institution=institution).latest("pk")
    return viewer_of_token(token), Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
def test_a_feed_carries_what_its_viewer_may_see_and_its_action_permits(fmt: LineFormat) -> None:
    kind = _carried(fmt)
    institution = make_institution()
    clients = {how: _viewer(institution, how) for how in VIEWERS}
    stood = _stand(kind)
    query = "score_min=0" if "type" in fmt.options else f"score_min=0&type={kind.name}"
    for how, (viewer, client) in clients.items():
        ceiling = Marking(*VIEWERS[how][1:])
        expected = {value for value, marking in stood.items() if _permitted(fmt, ceiling, marking)}
        readable = look(viewer, b"", blocks=True).readable
        assert readable is not None
        chosen = select(readable, fmt, read_options(QueryDict(query), fmt))
        assert {one.value for one in chosen.items} == expected, how
        answer: Any = client.get(f"/feeds/{fmt.name}?{query}")
        assert answer.status_code == 200
        written = fmt.lines(chosen.items, fmt.filled({}))  # what belongs to a third party carries less
        assert answer["X-IOC-Count"] == str(written.count), how
        assert {reason for _item, reason in written.left_out} <= {"third_party"}
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for value in stood.keys() - expected:
            assert value.encode() not in body, how


def test_what_blocks_is_said_once() -> None:
    """A format that cannot carry the marking of each value is BLOCK (domain.md): the text of a line shows it."""
    assert {fmt.name for fmt in formats if fmt.mode is Mode.BLOCK} >= {"text", "rpz", "hash-list"}
    assert {fmt.name for fmt in formats if fmt.mode is Mode.DETECT} >= {"csv", "stix", "suricata"}


@pytest.mark.parametrize("missing", ["mode", "media_type", "extension", "accepts", "recipes", "label", "name"])
def test_a_format_that_does_not_say_what_it_is_never_starts(missing: str) -> None:
    said = {name: getattr(HostsFile, name) for name in Formats.DECLARED if name != missing}
    silent = type("Silent", (LineFormat,), {**said, "line": lambda self, item, options: ""})
    with pytest.raises(ImproperlyConfigured, match=missing):
        Formats("sharing.feeds.formats").register(silent())


def test_every_type_is_carried_by_some_format_that_detects() -> None:
    carried = {kind.name for fmt in formats if fmt.mode is Mode.DETECT for kind in fmt.types()}
    assert {kind.name for kind in ioc_types} - {"account"} <= carried
