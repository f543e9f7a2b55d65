"""The mail programs that feeds are read by: rspamd, SpamAssassin and the tables of Postfix, on loopback or on files."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sharing.feeds.resolvers import program

TOPS = ("com", "net", "org", "fr", "eu", "top", "io", "co.uk")
PATIENCE = 60.0
"""Seconds that rspamd may take to start on a machine with much else to do."""

_CONF = """
options {{ pidfile = "{d}/pid"; filters = ""; url_tld = "{d}/tops"; tempdir = "{d}"; hs_cache_dir = "{d}";
  history_file = "{d}/history"; control_socket = "{d}/control mode=0600";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }} }}
logging {{ type = "file"; filename = "{d}/log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; enabled = true; }}
lua = "/usr/share/rspamd/rules/rspamd.lua";
modules {{ path = "/usr/share/rspamd/plugins/multimap.lua"; }}
multimap {{
{maps}
}}
actions {{ reject = 15; add_header = 6; }}
"""


HOW = {
    "from": 'type = "from"; filter = "email:addr";',
    "domain": 'type = "url";',
    "registered": 'type = "url"; filter = "tld";',
    "url": 'type = "url"; filter = "full";',
    "ip": 'type = "ip";',
}
"""How rspamd is told to use each of the lists that it is given."""


def message(sender: str = "friend@elsewhere.org", link: str = "http://elsewhere.org/", *, text: bool = False) -> bytes:
    """A mail with a link; in running text, programs cut an address where a sentence might end."""
    shown = link.replace("&", "&amp;").replace('"', "&quot;")
    page = f'<html><body><p>hello, <a href="{shown}">read this</a></p></body></html>'
    kind, body = ("plain", f"hello, see {link} now") if text else ("html", page)
    return (
        f"From: <{sender}>\nTo: <user@valbrune.org>\nSubject: test\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
        f"Message-ID: <1@elsewhere.org>\nMIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n"
    ).encode()


@dataclass(frozen=True, slots=True)
class Rspamd:
    """One that runs."""

    port: int
    log: Path

    def found(self, mail: bytes, **headers: str) -> set[str]:
        """The symbols that it gives a mail."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/checkv2", data=mail, headers={"From": "friend@elsewhere.org", **headers}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return set(json.load(answer)["symbols"])

    def complaints(self) -> list[str]:
        """What it says of its maps."""
        complaint = re.compile(r"map.*(?:invalid|cannot|error|bad)|invalid (?:ip|radix)", re.IGNORECASE)
        return [line for line in self.log.read_text(errors="replace").splitlines() if complaint.search(line)]


@contextmanager
def rspamd(maps: Mapping[str, tuple[str, bytes]], folder: Path) -> Iterator[Rspamd]:
    """A private rspamd with these maps: per symbol the settings that say how it is compared, and the map itself."""
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks = []
    for symbol, (settings, body) in maps.items():
        (folder / f"{symbol}.map").write_bytes(body)
        blocks.append(f'{symbol} {{ {settings} map = "file://{folder}/{symbol}.map"; score = 1.0; }}')
    (folder / "tops").write_text("\n".join(TOPS) + "\n")
    (folder / "rspamd.conf").write_text(_CONF.format(d=folder, port=port, maps="\n".join(blocks)))
    command = [program("rspamd"), "-f", "-i", "-c", str(folder / "rspamd.conf")]
    with (folder / "out").open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as running:
        try:
            _wait(port, running, folder / "out")
            yield Rspamd(port, folder / "log")
        finally:
            running.terminate()


def _wait(port: int, running: subprocess.Popen[bytes], out: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1).close()
        except (urllib.error.URLError, OSError):
            assert running.poll() is None, out.read_text(errors="replace")
            time.sleep(0.1)
        else:
            return
    raise AssertionError(out.read_text(errors="replace"))


_PLUGINS = ("Check", "WLBLEval", "URIDetail", "HeaderEval", "BodyEval", "MIMEEval", "URIEval", "HTMLEval", "RelayEval")
_RULES = """\
header USER_IN_BLOCKLIST eval:check_from_in_blocklist()
score USER_IN_BLOCKLIST 100
use_bayes 0
add_header all Found _TESTS_
"""
_TOPS_OF_SPAMASSASSIN = Path("/usr/share/spamassassin/20_aux_tlds.cf")
"""Without a list of top-level domains SpamAssassin finds no address in any mail."""


@dataclass(frozen=True, slots=True)
class SpamAssassin:
    """Its configuration: nothing of the machine's but the list of top-level domains."""

    folder: Path

    @classmethod
    def of(cls, feed: bytes, folder: Path) -> SpamAssassin:
        """With this feed."""
        (folder / "rules").mkdir()
        (folder / "site").mkdir()
        (folder / "none").touch()
        (folder / "rules" / "00.cf").write_text(_RULES)
        (folder / "rules" / "20_aux_tlds.cf").write_bytes(_TOPS_OF_SPAMASSASSIN.read_bytes())
        plugins = "".join(f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in _PLUGINS)
        (folder / "site" / "init.pre").write_text(plugins)
        (folder / "site" / "feed.cf").write_bytes(feed)
        return cls(folder)

    def _run(self, *arguments: str, mails: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        places = ["-C", str(self.folder / "rules"), f"--siteconfigpath={self.folder / 'site'}"]
        command = [program("spamassassin"), *arguments, "-L", *places, "-p", str(self.folder / "none")]
        return subprocess.run(command, input=mails, capture_output=True, check=False)

    def complaints(self) -> str:
        """What it says when it reads its rules; nothing when it is content."""
        checked = self._run("--lint")
        return (checked.stdout + checked.stderr).decode(errors="replace") or ("" if not checked.returncode else "?")

    def blocked(self, mails: list[bytes]) -> list[bool]:
        """Whether it finds something of the feed in each mail, all read at once."""
        box = b"".join(
            b"From MAILER Sat Nov 21 10:00:00 2026\nX-Number: %d\n%s\n" % (number, mail)
            for number, mail in enumerate(mails)
        )
        told = self._run("-t", "--mbox", mails=box).stdout.decode(errors="replace")
        found: dict[int, bool] = {}
        seen = None
        for line in re.sub(r"\n[ \t]+", " ", told).splitlines():
            if line.startswith("X-Spam-Found: "):
                seen = re.search(r"IOCMARKET|USER_IN_BLOCKLIST", line) is not None
            elif line.startswith("X-Number: ") and seen is not None:
                found[int(line.split()[1])] = seen
                seen = None
        assert len(found) == len(mails)  # it may answer in another order
        return [found[number] for number in range(len(mails))]


@dataclass(frozen=True, slots=True)
class PostfixTable:
    """A table as `postmap` asks it."""

    folder: Path
    kind: str

    @classmethod
    def of(cls, feed: bytes, folder: Path, kind: str) -> PostfixTable:
        """With this feed; `hash` is built first."""
        folder.mkdir(exist_ok=True)
        (folder / "main.cf").write_text("compatibility_level = 3.6\n")
        (folder / "master.cf").touch()
        (folder / "feed").write_bytes(feed)
        return cls(folder, kind)

    def complaints(self) -> list[str]:
        """Every warning: `postmap` says that it went well all the same."""
        told = self._postmap(self._table()) if self.kind == "hash" else self._postmap("-q", "192.0.2.1", self._table())
        return [line for line in told.stderr.splitlines() if line.strip()]

    def refuses(self, keys: list[str]) -> set[str]:
        """Those that it answers with a refusal."""
        asked = self._postmap("-q", "-", self._table(), text="\n".join(keys) + "\n")
        assert asked.stderr == ""
        return {line.split("\t", 1)[0] for line in asked.stdout.splitlines() if "\tREJECT " in line}

    def _table(self) -> str:
        return f"{self.kind}:{self.folder / 'feed'}"

    def _postmap(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        command = [program("postmap"), "-c", str(self.folder), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)
