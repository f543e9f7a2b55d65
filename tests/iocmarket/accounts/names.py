"""A real DNS server on loopback for the tests of proofs: authoritative for what it is told, over UDP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60


@dataclass
class Names:
    """What the server says. `txt` and `alias` hold names in lower case without a final dot."""

    port: int
    txt: dict[str, list[str]] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    """Names that are there without a TXT record."""
    fails: bool = False
    """Answers SERVFAIL, as a resolver does that gets no answer itself."""
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if self.fails:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif question.rdtype == dns.rdatatype.TXT:
            self._fill(response, name)
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str) -> None:
        if name in self.alias:
            target = self.alias[name]
            response.answer.append(dns.rrset.from_text(f"{name}.", TTL, "IN", "CNAME", f"{target}."))
            name = target
        if name in self.txt:
            quoted = [" ".join(f'"{part}"' for part in text.split("|")) for text in self.txt[name]]
            response.answer.append(dns.rrset.from_text(f"{name}.", TTL, "IN", "TXT", *quoted))
        elif name not in self.empty:
            response.set_rcode(dns.rcode.NXDOMAIN)


@contextmanager
def serving() -> Iterator[Names]:
    """The server, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        door.settimeout(0.1)
        names = Names(door.getsockname()[1])
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    wire, sender = door.recvfrom(4096)
                except TimeoutError:
                    continue
                door.sendto(names.answer(wire), sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield names
        finally:
            over.set()
            thread.join()
