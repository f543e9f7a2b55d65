"""Captured traffic, written by hand: a download over HTTP in whole packets, for network sensors to read."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from pathlib import Path

CLIENT, SERVER = IPv4Address("10.1.1.1"), IPv4Address("45.9.20.7")
RESOLVER = IPv4Address("10.1.1.53")
_SYN, _FIN, _ACK, _PUSH = 2, 1, 16, 8


def download(name: str, *, port: int) -> list[bytes]:
    """The packets of one download of a file of that name, from the client's port."""
    request = b"GET /get?id=3 HTTP/1.1\r\nHost: files.evil-cas.fr\r\n\r\n"
    return session(request, served(name), port=port)


def served(name: str) -> bytes:
    """The answer that serves a program of that name."""
    body = b"MZ" + b"x" * 500
    return (
        b'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="' + name.encode() + b'"\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    ) + body


def session(request: bytes, answer: bytes, *, port: int, to: int = 80) -> list[bytes]:
    """One question over TCP and its answer: the client opens, asks and closes."""
    sent, got = 1 + len(request), 1 + len(answer)
    turns = [
        (True, 0, 0, _SYN, b""),
        (False, 0, 1, _SYN | _ACK, b""),
        (True, 1, 1, _ACK, b""),
        (True, 1, 1, _PUSH | _ACK, request),
        (False, 1, sent, _PUSH | _ACK, answer),
        (True, sent, got, _FIN | _ACK, b""),
        (False, got, sent + 1, _FIN | _ACK, b""),
        (True, sent + 1, got + 1, _ACK, b""),
    ]
    return [_packet(*turn, port=port, to=to) for turn in turns]


def asked_name(name: str, *, port: int) -> list[bytes]:
    """A question for the addresses of a name (RFC 1035 section 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    datagram = struct.pack("!HHHH", port, 53, 8 + len(question), 0) + question
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0)
    return [head + CLIENT.packed + RESOLVER.packed + datagram]


def _packet(up: bool, number: int, expected: int, flags: int, data: bytes, *, port: int, to: int) -> bytes:
    """An IPv4 packet (RFC 791) with a TCP segment (RFC 9293), both without options and checksums."""
    ports, ends = ((port, to), (CLIENT, SERVER)) if up else ((to, port), (SERVER, CLIENT))
    segment = struct.pack("!HHIIBBHHH", *ports, number, expected, 5 << 4, flags, 65535, 0, 0) + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0)
    return head + ends[0].packed + ends[1].packed + segment


def write_capture(path: Path, sessions: list[list[bytes]]) -> None:
    """A pcap file of raw IP packets (link type 101), a second apart."""
    packets = [packet for one in sessions for packet in one]
    content = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for number, packet in enumerate(packets):
        content += struct.pack("<IIII", 1_700_000_000 + number, 0, len(packet), len(packet)) + packet
    path.write_bytes(content)
