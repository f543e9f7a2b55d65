"""MISP in the lines to paste: another MISP, PyMISP, Elastic and Sentinel with their MISP integrations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from sharing.misp.deciding import DETECTING


def _pymisp(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            "pip install pymisp",
            "from pymisp import PyMISP\n\n"
            f'misp = PyMISP("{url}/", "{token}")\n'
            'for event in misp.search(controller="events", timestamp="7d", pythonify=True):\n'
            "    for attribute in event.attributes:\n"
            "        print(event.info, attribute.type, attribute.value, attribute.to_ids)",
            runs="python",
        )
    ]


def _elastic(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [Block("Integration: MISP", f"MISP URL: {url}\nMISP API key: {token}\nInterval: 10m\nLimit: 1000")]


def register() -> None:
    """Called once, when the app is ready."""
    read = Scope.INDICATORS_READ
    snippets.register(
        Tool(title="PyMISP", note="MISP API", icon="file", order=61, needs=read, writer=_pymisp, mode="block"),
        Tool(title="Elastic", note="MISP", icon="siem", order=51, needs=read, writer=_elastic, mode="detect"),
        Tool(
            title=_("MISP that only detects"), note="to_ids", icon="siem", order=62, needs=read, writer=_pymisp,
            mode="detect", key=DETECTING,
        ),
    )  # fmt: skip
