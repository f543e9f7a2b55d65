"""Real resolvers with a response policy zone, on loopback, over an upstream that answers everything.

The names `a-<address in hexadecimal>.stub.fr` resolve to that address, so that triggers on addresses can be proven.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

ORIGIN = "rpz.iocmarket"
ELSEWHERE = "192.0.2.80"
"""What the upstream answers for every name that stands for no address."""
_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """The path of a program. Its absence skips the test on a laptop and fails it in continuous integration."""
    path = shutil.which(name, path=_FOLDERS)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def name_of(address: str) -> str:
    """The name that the upstream resolves to an address."""
    return f"a-{ipaddress.ip_address(address).packed.hex()}.stub.fr"


class _Upstream(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, udp = self.request
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        question = query.question[0]
        wanted = _address_behind(question.name.to_text().lower())
        kind = "A" if wanted.version == 4 else "AAAA"
        if question.rdtype == dns.rdatatype.from_text(kind):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, str(wanted)))
        udp.sendto(answer.to_wire(), self.client_address)


def _address_behind(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    label = name.partition(".")[0]
    if name.endswith("stub.fr.") and label.startswith("a-"):
        return ipaddress.ip_address(bytes.fromhex(label[2:]))
    return ipaddress.IPv4Address(ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Resolver:
    """A running resolver."""

    port: int
    log: Path

    def ask(self, name: str, kind: str = "A", *, patience: float = 10) -> str:
        """`NXDOMAIN`, the address that came, or `NODATA`."""
        query = dns.message.make_query(name, kind)
        answer = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=patience)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return "NXDOMAIN"
        found = [str(record) for rrset in answer.answer for record in rrset]
        return found[-1] if found else "NODATA"

    def resolves_to(self, address: str) -> str:
        """What becomes of a name whose answer would be this address."""
        return self.ask(name_of(address), "A" if ipaddress.ip_address(address).version == 4 else "AAAA")


@contextmanager
def upstream() -> Iterator[int]:
    """The port of an upstream that answers everything."""
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@contextmanager
def named(zone: bytes, folder: Path) -> Iterator[Resolver]:
    """BIND 9 with the zone as its policy."""
    path, port = _zone_file(zone, folder), free_port()
    with upstream() as up:
        (folder / "named.conf").write_text(f"""
options {{
  directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/key";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion yes; dnssec-validation no; empty-zones-enable no;
  forward only; forwarders {{ 127.0.0.1 port {up}; }};
  response-policy {{ zone "{ORIGIN}"; }} qname-wait-recurse no;
}};
controls {{ }};
logging {{ channel out {{ stderr; severity info; print-category yes; }}; category default {{ out; }};
  category rpz {{ out; }}; }};
zone "{ORIGIN}" {{ type primary; file "{path}"; notify no; }};
""")
        with running([program("named"), "-f", "-n", "1", "-c", str(folder / "named.conf")], folder, port) as resolver:
            yield resolver


@contextmanager
def unbound(zone: bytes, folder: Path) -> Iterator[Resolver]:
    """Unbound with the zone as its policy."""
    path, port = _zone_file(zone, folder), free_port()
    with upstream() as up:
        config = folder / "unbound.conf"
        config.write_text(f"""
server:
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  interface: 127.0.0.1@{port}
  port: {port}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 1
  module-config: "respip iterator"
  do-not-query-localhost: no
rpz:
  name: "{ORIGIN}"
  zonefile: "{path}"
  rpz-log: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{up}
remote-control:
  control-enable: no
""")
        checked = subprocess.run(
            [program("unbound-checkconf"), str(config)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        with running([program("unbound"), "-d", "-c", str(config)], folder, port) as resolver:
            yield resolver


@contextmanager
def unbound_of(lines: bytes, folder: Path) -> Iterator[Resolver]:
    """Unbound with a file of its own configuration."""
    (folder / "policy.conf").write_bytes(lines)
    port = free_port()
    with upstream() as up:
        config = folder / "unbound.conf"
        config.write_text(f"""
server:
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  interface: 127.0.0.1@{port}
  port: {port}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{up}
remote-control:
  control-enable: no
include: "{folder}/policy.conf"
""")
        checked = subprocess.run(
            [program("unbound-checkconf"), str(config)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        with running([program("unbound"), "-d", "-c", str(config)], folder, port) as resolver:
            yield resolver


@contextmanager
def recursor(zone: bytes, folder: Path) -> Iterator[Resolver]:
    """PowerDNS Recursor with the zone as its policy."""
    path, port = _zone_file(zone, folder), free_port()
    (folder / "rpz.lua").write_text(f'rpzFile("{path}", {{policyName="iocmarket"}})\n')
    with upstream() as up:
        (folder / "recursor.conf").write_text(f"""
local-address=127.0.0.1
local-port={port}
forward-zones-recurse=.=127.0.0.1:{up}
lua-config-file={folder}/rpz.lua
socket-dir={folder}
dnssec=off
daemon=no
threads=1
hint-file=no
dont-query=
setuid=
setgid=
""")
        with running([program("pdns_recursor"), f"--config-dir={folder}"], folder, port) as resolver:
            yield resolver


@contextmanager
def kresd(zone: bytes, folder: Path) -> Iterator[Resolver]:
    """Knot Resolver with the zone as its policy; it knows triggers on names alone."""
    path, port = _zone_file(zone, folder), free_port()
    with upstream() as up:
        config = folder / "kresd.conf"
        config.write_text(f"""
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
modules.unload('ta_update'); modules.unload('ta_signal_query'); modules.unload('priming'); trust_anchors.remove('.')
modules = {{ 'policy' }}
policy.add(policy.rpz(policy.DENY, '{path}', false))
policy.add(policy.all(policy.FORWARD('127.0.0.1@{up}')))
cache.size = 10*MB
""")
        with running([program("kresd"), "-n", "-c", str(config), str(folder)], folder, port) as resolver:
            yield resolver


@contextmanager
def dnsmasq(option: str, lines: bytes, folder: Path) -> Iterator[Resolver]:
    """dnsmasq with the file as its configuration (`conf-file`) or as a hosts file (`addn-hosts`)."""
    path, port = folder / "policy", free_port()
    path.write_bytes(lines)
    for place in (folder, path):
        place.chmod(0o755)
    with upstream() as up:
        command = [
            program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", f"--port={port}", "--no-resolv",
            "--listen-address=127.0.0.1", "--bind-interfaces", "--no-hosts", f"--server=127.0.0.1#{up}", "--pid-file=",
            "--log-facility=-", "--user=root", f"--{option}={path}",
        ]  # fmt: skip
        checked = subprocess.run([*command, "--test"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        with running(command, folder, port) as resolver:
            yield resolver


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[Resolver]:
    """A resolver, from its first answer to its end."""
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as process:
        resolver = Resolver(port, log)
        try:
            _wait_for(resolver, process)
            yield resolver
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(resolver: Resolver, process: subprocess.Popen[bytes]) -> None:
    """Until the program answers; its log when it stops instead."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, resolver.log.read_text()
        try:
            if resolver.ask("ready.stub.org", patience=0.5) == ELSEWHERE:
                return
        except (dns.exception.DNSException, OSError):
            pass
        time.sleep(0.2)
    pytest.fail(f"no answer: {resolver.log.read_text()[-2000:]}")


def _zone_file(zone: bytes, folder: Path) -> Path:
    path = folder / "policy.zone"
    path.write_bytes(zone)
    return path


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
