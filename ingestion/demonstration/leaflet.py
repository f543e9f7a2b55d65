"""What the terminal shows after the start: where, who, and lines to paste. Every line works as it stands."""

from __future__ import annotations

from ingestion.demonstration.cast import HOUSES, PEOPLE
from ingestion.demonstration.keepsake import Keepsake
from ingestion.demonstration.story import tell
from iocmarket.kernel import clock

SENT = (
    '{"defaults":{"tlp":"AMBER","pap":"GREEN","threat_type":"scan"},"indicators":[{"value":"185[.]220[.]100[.]240"}]}'
)


def leaflet(keepsake: Keepsake, url: str) -> str:
    """The text, for an instance that answers at `url`."""
    return "\n".join(
        ["", f"IOC market (demonstration): {url}", "", *_people(keepsake), "", *_machines(keepsake, url), ""]
    )


def looked_up() -> tuple[str, ...]:
    """Two values that the whole community knows and one that nobody has seen."""
    known = {
        statement.type: statement.value
        for dispatch in tell(clock.now()).dispatches
        for statement in dispatch.statements
        if statement.audience == "community"
    }
    return known["ipv4"], known["domain"], "valeur-jamais-vue.top"


def _people(keepsake: Keepsake) -> list[str]:
    """One line for each log-in: address, password, who that is."""
    passwords = {login.email: login.password for login in keepsake.logins}
    names = {house.key: house.name for house in HOUSES}
    rows = []
    for person in PEOPLE:
        if person.email in passwords:
            what = f"{person.role.value}, administrator" if person.administrator else person.role.value
            rows.append((person.email, passwords[person.email], f"{names[person.house]}, {what}"))
    width = max(len(row[0]) for row in rows)
    return ["Log in as", *(f"  {email:<{width}}  {password}  {who}" for email, password, who in rows)]


def _machines(keepsake: Keepsake, url: str) -> list[str]:
    names = {house.key: house.name for house in HOUSES}
    tokens = [f"  {key.secret}  {names[key.house]}" for key in keepsake.keys]
    auth = f"-H 'Authorization: Bearer {keepsake.keys[0].secret}'"
    values = ",".join(f'"{value}"' for value in looked_up())
    lines = [
        ("send", f"curl -sS {auth} -H 'Content-Type: application/json' -d '{SENT}' {url}/api/v1/submissions"),
        ("list", f"curl -sS {auth} '{url}/api/v1/indicators?limit=5'"),
        (
            "look up",
            f"curl -sS {auth} -H 'Content-Type: application/json' -d '{{\"values\":[{values}]}}' {url}/api/v1/lookup",
        ),
        (
            "TAXII 2.1",
            f"curl -sS {auth} -H 'Accept: application/taxii+json;version=2.1' {url}/taxii2/api/collections/",
        ),
        ("feed: text", f"curl -sS {auth} '{url}/feeds/text?type=ipv4'"),
        ("feed: RPZ", f"curl -sS {auth} {url}/feeds/rpz"),
    ]
    pasted = [text for name, command in lines for text in (f"  # {name}", f"  {command}")]
    return ["Tokens", *tokens, "", "Paste", *pasted]
