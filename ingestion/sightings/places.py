"""The ready-made command that reports a sighting, on the page of tokens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets


def _report(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            _("kind: seen, false-positive or expired"),
            f"curl -fsS -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n"
            '  -d \'{"sightings": [{"value": "185.220.101[.]45", "kind": "seen", "count": 12}]}\' \\\n'
            f"  '{url}/api/v1/sightings'",
            runs="sh",
        )
    ]


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Report sightings from a script"), note=_("what your sensors met, and false positives"),
            icon="check", order=77, needs=Scope.SIGHTINGS_WRITE, writer=_report,
        ),
    )  # fmt: skip
