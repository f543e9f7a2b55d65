"""Programs that fetch feeds by themselves, over the wire, with the lines that members are given."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from sharing.feeds.formats.base import formats
from tests.factories import Reader, contribute, make_institution, make_reader, publish
from tests.sharing.feeds.resolvers import program

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    """Who reads what somebody shares."""
    found, author = make_reader("Université de Valbrune"), make_institution("INP Mériane")
    contribute(author, "evil-cas.fr", type_name="domain", subtree=True, confidence=90)
    contribute(author, "45.9.20.7", confidence=90)
    publish()
    return found


def shim(folder: Path, name: str, line: str) -> None:
    """A program of that name, before the one of the system."""
    (folder / name).write_text(f"#!/bin/sh\n{line}\n")
    (folder / name).chmod(0o755)


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["", "?names=dns"])
def test_suricata_update_pulls_the_rules_with_the_lines_of_the_card_and_suricata_takes_them(
    live_server: LiveServer, reader: Reader, tmp_path: Path, query: str
) -> None:
    update, suricata = program("suricata-update"), program("suricata")
    shim(tmp_path, "suricata-update", f'exec {update} "$@" -D {tmp_path} --suricata {suricata}')
    shim(tmp_path, "suricatasc", f'echo "$@" >> {tmp_path}/told')
    [lines] = [recipe for recipe in formats["suricata"].recipes if recipe.note == "suricata-update"]
    url = f"{live_server.url}/feeds/suricata.rules{query}"
    text = lines.written(url=url, token=reader.secret, name="iocmarket.rules")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-eu"], input=text, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "Failed" not in told
    rules = (tmp_path / "rules" / "suricata.rules").read_text()
    ours = [line for line in rules.splitlines() if "evil-cas.fr" in line or "45.9.20.7" in line]
    assert len(ours) == (2 if query else 4)
    assert all(line.startswith("alert ") for line in ours), "none of them is switched off"
    assert "ruleset-reload-nonblocking" in (tmp_path / "told").read_text()
    assert reader.secret not in told


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("edl-paloalto?type=ip", b"45.9.20.7"), ("edl-paloalto?type=domain", b"evil-cas.fr"),
        ("fortigate?type=ip", b"45.9.20.7"), ("pf", b"45.9.20.7"), ("text.txt?type=ipv4&comments=no", b"45.9.20.7"),
    ],
)  # fmt: skip
def test_a_firewall_logs_in_when_it_is_asked_who_it_is_and_reads_its_list(
    client: Client, reader: Reader, path: str, entry: bytes
) -> None:
    """Basic as RFC 7617 says: without a credential first, with it once the answer names the realm."""
    url = f"/feeds/{path}"

    def basic(password: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'edl:{password}'.encode()).decode()}"}

    asked = client.get(url)
    assert asked.status_code == 401
    assert asked["WWW-Authenticate"].startswith('Basic realm="')
    assert client.get(url, headers=basic("iocm" + "x" * 36)).status_code == 401
    answer = client.get(url, headers=basic(reader.secret))
    assert entry in answer.getvalue().splitlines()
    assert client.get(url, headers={**basic(reader.secret), "If-None-Match": answer["ETag"]}).status_code == 304
