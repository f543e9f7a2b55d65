"""Ten thousand hostile strings through the real submission; then every feed, with every option, loads without a word.

Whatever a member submits either is refused with a reason or leaves as exactly one entry of each list that carries it.
The strings are drawn anew from IOCMARKET_SEED, so that other seeds can be tried.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yara_x
from django.core.cache import cache
from sigma.collection import SigmaCollection

from ingestion.submissions.models import Submission
from ingestion.submissions.working import work_on
from sharing.feeds.formats.base import LineFormat, formats
from tests.factories import publish
from tests.ingestion.submissions.conftest import Sender
from tests.sharing.feeds.mail_filters import HOW, PostfixTable, SpamAssassin, rspamd
from tests.sharing.feeds.packet_filters import ipset_finds, nft_finds
from tests.sharing.feeds.probes import loaded_by
from tests.sharing.feeds.resolvers import Resolver, dnsmasq, named, recursor, unbound, unbound_of

pytestmark = [pytest.mark.real, pytest.mark.django_db]

COUNT = 10_000
SEED = int(os.environ.get("IOCMARKET_SEED", "20261122"))
_PIECES = (
    "\n", "\r\n", "\t", "\0", '"', "'", "`", ";", ":", "|", "\\", "/", "//", "#", "$INCLUDE /etc/passwd", "$ORIGIN x.",
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2", "javascript:alert(1)", "<script>", "</b>", "&amp;", "%0a", "%00",
    "%s", "{url}", "{{7*7}}", "${x}", "\u202e", "\u2066", "\u200b", "\ufeff", "\u0430", "\u03bf", "é", "🦊", "外",
    "a" * 64, "b" * 63, "*", "*.", "..", ".", "-", "_", "xn--", "xn--a", "[.]", "(", ")", "[", "]", "{", "}", "^", "~",
    "rpz-passthru.", "CNAME", "drop", "flush ruleset", "0.0.0.0/0", "::/0", "fe80::1%eth0", ",", "REJECT", "sid:1;",
)  # fmt: skip
_TYPED = ("filename", "file-path", "regkey", "regvalue", "mutex", "named-pipe", "service-name", "scheduled-task",
          "command-line", "user-agent", "email-subject", "email-display-name", "attachment-name", "email-message-id",
          "email-x-mailer")  # fmt: skip


def hostile_strings(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Items of a submission: an indicator's shape with something nasty in it, comments and tags included."""
    draw = random.Random(seed)

    def nasty(most: int = 3) -> str:
        return "".join(draw.choice(_PIECES) + draw.choice(("", "a", "z9")) for _ in range(draw.randint(0, most)))

    def octets() -> str:
        return ".".join(str(draw.randint(0, 255)) for _ in range(4))

    shapes: tuple[Callable[[int], Any], ...] = (
        lambda n: f"http://evil-{n}.fr/{nasty()}",
        lambda n: f"https://u:p@evil-{n}.fr:{draw.randint(0, 70000)}/{nasty()}?{nasty()}#{nasty()}",
        lambda n: f"{nasty(1)}.evil-{n}.fr",
        lambda n: f"evil-{n}{nasty(1)}.fr",
        lambda n: ".".join(["c" * draw.choice((1, 62, 63, 64))] * draw.choice((1, 3, 4))) + f".e{n}.fr",
        lambda n: f"{nasty()}@evil-{n}.fr",
        lambda n: f"boss@{nasty(1)}evil-{n}.fr",
        lambda n: octets() + draw.choice(("", "/8", "/17", "/24", "/31", "/33", ":80", nasty(1))),
        lambda n: f"2a0{n % 9}:{n:x}::{draw.randint(0, 65535):x}" + draw.choice(("", "/32", "/48", "/127", nasty(1))),
        lambda n: f"{draw.getrandbits(256):064x}{nasty(1)}",
        lambda n: f"{draw.getrandbits(128):032X}",
        lambda n: nasty(6),
    )
    for number in range(count):
        if draw.random() < 0.3:
            kind = draw.choice(_TYPED)
            yield {"value": f"{nasty()}x{number}{nasty()}", "type": kind, "comment": nasty(), "tags": [nasty(2)[:40]]}
        else:
            yield {"value": draw.choice(shapes)(number), "comment": nasty(4)}


@pytest.fixture(scope="module")
def shared(django_db_setup: object, django_db_blocker: Any) -> Iterator[Sender]:
    """What became of them, for all feeds; rows of this module are taken out at its end."""
    del django_db_setup
    from django.db import transaction  # noqa: PLC0415

    with django_db_blocker.unblock(), transaction.atomic():
        cache.set("heartbeat:worker", 1, timeout=600)
        sender = Sender()
        _share(sender)
        yield sender
        transaction.set_rollback(True)
        cache.delete("heartbeat:worker")


def _share(sender: Sender) -> None:
    items = list(hostile_strings(COUNT, SEED))
    body = "".join(f"{json.dumps(item)}\n" for item in items).encode()
    answer = sender.raw(body, "application/x-ndjson", "?tlp=GREEN&threat_type=c2&confidence=90")
    assert answer.status_code == 202, answer.content[:2000]
    submission = Submission.objects.get(public_id=answer.json()["id"])
    while work_on(submission.pk):
        pass
    told = sender.client.get(f"/api/v1/submissions/{submission.public_id}").json()
    assert told["state"] == "done", told
    counts = told["counts"]
    assert counts["received"] == counts["accepted"] + counts["refreshed"] + counts["refused"] >= COUNT
    assert counts["accepted"] > COUNT // 5
    publish()


Loader = Callable[[bytes, Path], int]
"""Has a feed loaded by what consumes it, without a complaint; how many values it found, or -1 where that is unknown."""


def _resolver(running: Callable[[bytes, Path], AbstractContextManager[Resolver]]) -> Loader:
    def load(body: bytes, folder: Path) -> int:
        folder.mkdir(exist_ok=True)
        with running(body, folder) as resolver:
            log = resolver.log.read_text()
        complaints = [
            line for line in log.splitlines()
            if re.search(r"rpz|policy|zone|hosts|local-data|bad (?:name|address)", line)
            and re.search(r"\b(?:error|invalid|failed|ignor\w+|bad)\b", line, re.IGNORECASE)
        ]  # fmt: skip
        assert complaints == []
        return -1

    return load


def _suricata(body: bytes, folder: Path) -> int:
    for name in set(re.findall(rb"iocmarket-(?:md5|sha1|sha256)\.txt", body)):  # its lists are feeds of their own
        (folder / name.decode()).write_text("ab" * {"5": 16, "1": 20, "6": 32}[name.decode()[-5]] + "\n")
    if b"\nalert " not in body:
        return 0
    loaded, complaints = loaded_by(body, folder)
    assert complaints == []
    assert loaded == body.count(b"\nalert ") + body.startswith(b"alert ")
    return len(set(re.findall(rb"ioc_uuid ([0-9a-f-]{36})", body)))


def _lines(body: bytes, _folder: Path, *, comment: str = "#", grammar: str = r"[\x21-\x7e]+") -> int:
    """One plain entry a line."""
    text = body.decode("ascii")
    entries = [line for line in text.split("\n")[:-1] if not line.startswith(comment)]
    assert [line for line in entries if re.fullmatch(grammar, line) is None] == []
    assert len(entries) == len(set(entries))
    return len({line.removeprefix("*.") for line in entries})


def _categories(body: bytes, folder: Path) -> int:
    assert _lines(body, folder, grammar=r"\d+,\w[\w-]*,[\x20-\x7e]+") > 0
    return 0


def _reputations(body: bytes, folder: Path) -> int:
    _lines(body, folder, grammar=r"[0-9a-f.:/]+,\d+,\d+")
    return len({line.split(b",")[0] for line in body.split(b"\n")[:-1] if not line.startswith(b"#")})


def _text(body: bytes, _folder: Path) -> int:
    """One value a line, of which anything printable may be a part."""
    entries = [line for line in body.decode().split("\n")[:-1] if not line.startswith("# ")]
    assert all(line.isprintable() or max(line) >= "\u200b" for line in entries)
    assert len(entries) == len(set(entries))
    return len(entries)


def _csv(body: bytes, _folder: Path) -> int:
    text = body.decode()
    kept = "\n".join(line for line in text.split("\n") if not line.startswith("# "))
    delimiter = next(sign for sign in ";\t," if sign in kept.split("\n")[0])
    rows = list(csv.reader(io.StringIO(kept, newline=""), strict=True, delimiter=delimiter))
    assert len({len(row) for row in rows}) == 1
    assert [cell for row in rows[1:] for cell in row if cell[:1] in {"=", "+", "@", "\t", "\r"}] == []
    return len(rows) - 1


def _json(body: bytes, _folder: Path) -> int:
    found = json.loads(body)
    return len(found) if isinstance(found, list) else -1


def _json_lines(body: bytes, _folder: Path) -> int:
    return len([json.loads(line) for line in body.decode().split("\n")[:-1]])


def _elastic(body: bytes, _folder: Path) -> int:
    lines = [json.loads(line) for line in body.decode().split("\n")[:-1]]
    return sum("index" in line or "create" in line for line in lines)


def _sentinel(body: bytes, _folder: Path) -> int:
    bodies = [json.loads(line) for line in body.decode().split("\n")[:-1]]
    assert all(len(found["stixobjects"]) <= 100 for found in bodies)
    return sum(len(found["stixobjects"]) for found in bodies)


def _zeek(body: bytes, _folder: Path) -> int:
    lines = [line for line in body.decode().split("\n")[:-1] if not line.startswith("# ")]
    heading = lines[0].split("\t")
    assert heading[0] == "#fields"
    assert all(len(line.split("\t")) == len(heading) - 1 and not line.startswith("#") for line in lines[1:])
    gone = heading.index("meta.remove") - 1 if "meta.remove" in heading else None
    return sum(gone is None or line.split("\t")[gone] != "T" for line in lines[1:])


def _yara(body: bytes, _folder: Path) -> int:
    yara_x.compile(body.decode())
    return -1


def _sigma(body: bytes, _folder: Path) -> int:
    found = SigmaCollection.from_yaml(body.decode())
    assert found.errors == []
    return -1


def _wazuh(body: bytes, _folder: Path) -> int:
    keys = []
    for line in body.decode().split("\n")[:-1]:
        found = re.fullmatch(r'("[^"]+"|[^":]+):("?[^":]*"?)', line)
        assert found is not None, line
        keys.append(found[1])
    assert len(keys) == len(set(keys))
    return len(keys)


def _mail(body: bytes, folder: Path, *, kind: str) -> int:
    with rspamd({"MAP": (kind, body)}, folder) as running:
        assert running.complaints() == []
    return -1


def _spamassassin(body: bytes, folder: Path) -> int:
    assert SpamAssassin.of(body, folder).complaints() == ""
    return -1


def _postfix(body: bytes, folder: Path, *, kind: str) -> int:
    assert PostfixTable.of(body, folder, kind).complaints() == []
    return -1


def _filter(body: bytes, folder: Path, *, finds: Callable[..., set[str]]) -> int:
    folder.mkdir(exist_ok=True)
    (folder / "feed").write_bytes(body)
    finds(folder / "feed", [])
    return -1


def loaders_of(name: str, options: Mapping[str, str]) -> list[Loader]:
    """What loads this feed; a format of which nothing is known fails here."""
    chosen: dict[str, list[Loader]] = {
        "rpz": [_resolver(named), _resolver(unbound), _resolver(recursor)],
        "unbound": [_resolver(unbound_of)],
        "dnsmasq": [_resolver(partial(dnsmasq, "conf-file"))],
        "hosts": [_resolver(partial(dnsmasq, "addn-hosts"))],
        "suricata": [_suricata],
        "suricata/datasets": [_lines],
        "suricata/iprep": [_categories if options.get("file") == "categories" else _reputations],
        "snort3": [_lines_of_rules],
        "zeek": [_zeek],
        "sigma": [_sigma],
        "yara": [_yara],
        "squid": [_lines],
        "pdnssoc": [_lines],
        "text": [_text],
        "hash-list": [partial(_lines, grammar="[0-9a-f]+")],
        "pf": [_lines],
        "edl-paloalto": [_lines],
        "fortigate": [_lines],
        "csv": [_csv],
        "splunk": [_csv],
        "graylog": [_csv],
        "json": [_json],
        "jsonl": [_json_lines],
        "qradar": [_json if options.get("as") == "json" or options.get("form") == "json" else _text],
        "crowdsec": [_json],
        "elastic": [_elastic],
        "sentinel": [_sentinel],
        "wazuh": [_wazuh],
        "rspamd": [partial(_mail, kind=HOW[kind]) if (kind := options.get("type", "from")) in HOW else _lines],
        "spamassassin": [_spamassassin],
        "postfix": [partial(_postfix, kind="cidr" if options.get("map") == "cidr" else "hash")],
        "nftables": [partial(_filter, finds=nft_finds)],
        "ipset": [partial(_filter, finds=ipset_finds)],
    }
    return chosen[name]


def _lines_of_rules(body: bytes, _folder: Path) -> int:
    rules = [line for line in body.decode("ascii").split("\n")[:-1] if not line.startswith("#")]
    assert [rule for rule in rules if re.fullmatch(r"alert [a-z]+ [^()]*\(.*sid:\d+;.*\)", rule) is None] == []
    sids = re.findall(rb"sid:(\d+);", body)
    assert len(sids) == len(set(sids)) == len(rules)
    return -1


CHOICES = [
    (fmt, {name: value}) for fmt in formats if isinstance(fmt, LineFormat) for name in fmt.options
    for value in fmt.options[name]
] + [(fmt, {}) for fmt in formats if isinstance(fmt, LineFormat) and not fmt.options]  # fmt: skip


def test_every_feed_loads_and_has_one_entry_for_each_value(shared: Sender, tmp_path: Path) -> None:
    wrong = {}
    for number, (fmt, options) in enumerate(CHOICES):
        query = "&".join(f"{name}={value}" for name, value in options.items())
        answer: Any = shared.client.get(f"/feeds/{fmt.name}?score_min=0&{query}")
        if answer.status_code == 400 and b"go together" in answer.content:
            continue  # an option that needs another one
        assert answer.status_code == 200, answer.content
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        folder = tmp_path / str(number)
        folder.mkdir()
        for load in loaders_of(fmt.name, options):
            try:
                found = load(body, folder)
            except Exception as error:  # noqa: BLE001 (whatever a program or a library complains of)
                wrong[f"{fmt.name}?{query}"] = str(error)[:800]
                continue
            if found not in {-1, int(answer["X-IOC-Count"])}:
                wrong[f"{fmt.name}?{query}"] = f"{found} entries for {answer['X-IOC-Count']} values"
    told = "\n".join(f"{feed}: {why}" for feed, why in wrong.items())
    assert not wrong, told
