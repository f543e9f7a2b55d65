"""The whole chain with real programs: published here, transferred by BIND, in force in a resolver of a subscriber."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.audit.services import PLATFORM
from sharing.feeds.formats.base import LineFormat, formats
from sharing.transfer import recipes, services
from sharing.transfer.configuration import ZONE, Served
from sharing.transfer.nameserver import NameServer
from sharing.transfer.serving import Serving
from tests.factories import contribute, make_institution, make_token, publish, withdraw
from tests.sharing.feeds.examples import META, item
from tests.sharing.feeds.resolvers import ELSEWHERE, Resolver, free_port, program, running, upstream

pytestmark = pytest.mark.real
HERE = "127.0.0.1"
REFUSED = (dns.exception.DNSException, OSError)
Key = tuple[str, str]


def transferred(place: tuple[str, int], key: Key | None, *, since: int | None = None) -> tuple[list[str], int, int]:
    """Names that arrived with their data, the serial, and the octets that the messages took. IXFR after a serial."""
    ring = dns.tsigkeyring.from_text({key[0]: key[1]}) if key else None
    kind = "AXFR" if since is None else "IXFR"
    lines, octets, serial = [], 0, 0
    name = key[0] if key else None
    sent = dns.query.xfr(
        place[0], ZONE, kind, port=place[1], keyring=ring, keyname=name, serial=since or 0, lifetime=60
    )
    for message in sent:
        octets += len(message.wire or b"")
        for rrset in message.answer:
            lines += [f"{rrset.name} {record}" for record in rrset]
            if rrset.rdtype == dns.rdatatype.SOA:
                serial = max(serial, *(int(record.serial) for record in rrset))
    return lines, serial, octets


def until(true: Callable[[], bool], seconds: float, *, meanwhile: Callable[[], object] = lambda: None) -> float:
    """How long it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        meanwhile()
        if true():
            return time.monotonic() - began
        time.sleep(0.2)
    pytest.fail(f"not within {seconds} s")


def listens(place: tuple[str, int]) -> bool:
    try:
        dns.query.udp(dns.message.make_query("version.bind", "TXT", "CH"), place[0], port=place[1], timeout=0.5)
    except REFUSED:
        return False
    return True


@contextmanager
def server(folder: Path) -> Iterator[tuple[NameServer, tuple[str, int]]]:
    program("named")
    place = (HERE, free_port())
    made = NameServer(folder, place)
    try:
        yield made, place
    finally:
        made.stop()


@contextmanager
def secondary(place: tuple[str, int], key: Key, port: int, folder: Path) -> Iterator[Resolver]:
    """A subscriber's BIND with the lines that it was given, over an upstream that answers everything."""
    folder.mkdir()
    lines = recipes.bind(place=place, key=key[0], secret=key[1])
    with upstream() as up:
        ours = f"""options {{
  directory "{folder}"; pid-file none; session-keyfile none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion yes; dnssec-validation no; empty-zones-enable no; forward only; forwarders {{ 127.0.0.1 port {up}; }};"""
        (folder / "named.conf").write_text("controls { };\n" + lines.replace("options {", ours, 1))
        command = [program("named"), "-g", "-n", "1", "-c", str(folder / "named.conf")]
        with running(command, folder, port) as resolver:
            yield resolver


@pytest.mark.django_db(transaction=True)
def test_what_is_published_is_in_force_in_a_resolver_within_seconds_and_what_is_taken_back_as_well(
    tmp_path: Path, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = (HERE,)
    reader, meriane = make_institution("Université de Valbrune"), make_institution("INP Mériane")
    contribute(meriane, "evil-cas.fr", type_name="domain", subtree=True)
    contribute(reader, "own-cas.fr", type_name="domain", audience="own")
    publish()
    port = free_port()
    made = services.create(reader, name="campus", notify=[f"{HERE}:{port}"], actor=PLATFORM)
    others = services.create(meriane, name="campus", actor=PLATFORM)
    key, other = ((one.key.key_name, one.secret) for one in (made, others))
    with server(tmp_path / "server") as (named, place):
        serving = Serving(named, tmp_path / "server")
        until(lambda: listens(place), 60, meanwhile=serving.turn)
        lines, serial, _octets = transferred(place, key)
        assert {"evil-cas.fr .", "*.evil-cas.fr .", "own-cas.fr ."} <= set(lines)
        assert not any("own-cas.fr" in line for line in transferred(place, other)[0])
        for nobody in (
            None,
            (key[0], base64.b64encode(b"x" * 32).decode()),
            ("unheard-of", key[1]),
            (other[0], key[1]),
        ):
            with pytest.raises(REFUSED):
                transferred(place, nobody)

        with secondary(place, key, port, tmp_path / "secondary") as resolver:
            until(lambda: resolver.ask("evil-cas.fr") == "NXDOMAIN", 30)
            assert resolver.ask("new-cas.fr") == ELSEWHERE
            said = contribute(meriane, "new-cas.fr", type_name="domain", subtree=True)
            publish()
            took = until(lambda: resolver.ask("new-cas.fr") == "NXDOMAIN", 10, meanwhile=serving.turn)
            assert took < 10
            risen = transferred(place, key)[1]
            assert risen > serial
            change, _serial, octets = transferred(place, key, since=serial)
            assert {line for line in change if "CNAME" in line or line.endswith(" .")} == {
                "new-cas.fr .",
                "*.new-cas.fr .",
            }
            assert octets < 1000
            withdraw(said)
            publish()
            until(lambda: resolver.ask("new-cas.fr") == ELSEWHERE, 60, meanwhile=serving.turn)
            assert transferred(place, key)[1] > risen

        another = services.rotate(made.key.transfer, overlap=timedelta(days=1), actor=PLATFORM)
        serving.turn()
        for good in (key, (another.key.key_name, another.secret)):
            assert "evil-cas.fr ." in transferred(place, good)[0]
        services.remove(others.key.transfer, actor=PLATFORM)
        Institution.objects.filter(pk=reader.pk).update(state=Institution.State.SUSPENDED)
        serving.turn()
        for gone in (other, key, (another.key.key_name, another.secret)):
            with pytest.raises(REFUSED):
                transferred(place, gone)
        assert not list((tmp_path / "server").glob("*.zone*"))


@pytest.mark.django_db(transaction=True)
def test_a_submission_is_in_force_within_ten_seconds_and_a_false_positive_frees_the_name_within_a_minute(
    tmp_path: Path, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = (HERE,)
    reader, author, third = make_institution("Université de Valbrune"), make_institution(), make_institution()
    port, far = free_port(), free_port()
    made, theirs = (
        services.create(one, name="campus", notify=[f"{HERE}:{at}"], actor=PLATFORM)
        for one, at in ((reader, port), (third, far))
    )
    contribute(author, "before-cas.fr", type_name="domain")
    publish()

    def sent(who: Institution, path: str, body: object) -> None:
        """By a program of theirs."""
        scopes = (Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE, Scope.INDICATORS_READ)
        client = Client(headers={"Authorization": f"Bearer {make_token(who, scopes=scopes)}"})
        [item] = client.post(path, body, content_type="application/json").json()["items"]
        assert item["status"] == "accepted"

    def contested(who: Institution) -> None:
        sent(who, "/api/v1/sightings", {"sightings": [{"value": "wrong-cas.fr", "kind": "false-positive"}]})

    with server(tmp_path / "server") as (named, place):
        serving = Serving(named, tmp_path / "server")

        def turn() -> None:
            """What the publisher and the one who serves do every second."""
            publish()
            serving.turn()

        def takes(what: str, true: Callable[[], bool], seconds: float) -> None:
            took = until(true, seconds, meanwhile=turn)
            print(f"\n{what} after {took:.1f} s")

        until(lambda: listens(place), 60, meanwhile=turn)
        ours = (made.key.key_name, made.secret), port, tmp_path / "ours"
        elsewhere = (theirs.key.key_name, theirs.secret), far, tmp_path / "elsewhere"
        with secondary(place, *ours) as here, secondary(place, *elsewhere) as there:
            for resolver in (here, there):
                until(lambda resolver=resolver: resolver.ask("before-cas.fr") == "NXDOMAIN", 30)  # type: ignore[misc]
                assert resolver.ask("wrong-cas.fr") == ELSEWHERE
            defaults = {"tlp": "GREEN", "pap": "GREEN", "threat_type": "phishing", "confidence": 90}
            sent(author, "/api/v1/submissions", {"defaults": defaults, "indicators": [{"value": "wrong-cas.fr"}]})
            takes("NXDOMAIN", lambda: {one.ask("wrong-cas.fr") for one in (here, there)} == {"NXDOMAIN"}, 10)
            contested(reader)
            takes("resolves for the reporter", lambda: here.ask("wrong-cas.fr") == ELSEWHERE, 60)
            assert there.ask("wrong-cas.fr") == "NXDOMAIN", "one report is not enough for others"
            contested(make_institution())
            takes("resolves for others", lambda: there.ask("wrong-cas.fr") == ELSEWHERE, 60)
            assert here.ask("before-cas.fr") == there.ask("before-cas.fr") == "NXDOMAIN"


def test_a_hundred_more_names_of_a_hundred_thousand_are_ten_kilobytes_at_most(tmp_path: Path) -> None:
    rpz = formats["rpz"]
    assert isinstance(rpz, LineFormat)
    plain = item("domain", "evil-cas.fr", subtree=True)
    key = ("ioc-test", base64.b64encode(b"k" * 32).decode())
    served = [Served("f00d", (key,), ())]

    def zone(names: int, serial: int) -> None:
        items = [replace(plain, value=f"evil-{number:x}.cas-{number % 97}.fr") for number in range(names)]
        (tmp_path / "f00d.zone.new").write_bytes(rpz.render(items, replace(META, serial=serial)))
        (tmp_path / "f00d.zone.new").replace(tmp_path / "f00d.zone")

    with server(tmp_path) as (named, place):
        zone(100_000, 1000)
        named.serve(served, zones_changed=True)
        until(lambda: _serial(place, key) == 1000, 120)
        zone(100_100, 1001)
        named.serve(served, zones_changed=True)
        until(lambda: _serial(place, key) == 1001, 120)
        change, _serial_now, octets = transferred(place, key, since=1000)
        assert len(change) == 200 + 4
        assert 0 < octets <= 10_000


def _serial(place: tuple[str, int], key: Key) -> int:
    """Of the zone as it is served now; 0 while nothing answers."""
    query = dns.message.make_query(ZONE, "SOA")
    query.use_tsig(dns.tsigkeyring.from_text({key[0]: key[1]}), keyname=key[0])
    try:
        answer = dns.query.udp(query, place[0], port=place[1], timeout=1)
    except REFUSED:
        return 0
    return int(answer.answer[0][0].serial) if answer.answer else 0
