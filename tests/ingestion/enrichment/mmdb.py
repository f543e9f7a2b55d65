"""Writes a small MMDB, so that tests need no file of a publisher (MaxMind DB File Format Specification 2.0)."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

Value = str | int | dict[str, "Value"]


def write_mmdb(path: Path, entries: dict[str, dict[str, Value]], *, database_type: str = "Test") -> None:
    """One IPv4 tree with 24-bit records; networks must not overlap."""
    nodes: list[list[int | bytes | None]] = [[None, None]]
    for network, record in entries.items():
        net = ip_network(network)
        bits = f"{int(net.network_address):032b}"[: net.prefixlen]
        at = 0
        for bit in bits[:-1]:
            child = nodes[at][int(bit)]
            if not isinstance(child, int):
                nodes.append([None, None])
                child = nodes[at][int(bit)] = len(nodes) - 1
            at = child
        nodes[at][int(bits[-1])] = _encode(record)
    tree, data = bytearray(), bytearray()
    for node in nodes:
        for child in node:
            if isinstance(child, bytes):
                number = len(nodes) + 16 + len(data)
                data += child
            else:
                number = len(nodes) if child is None else child
            tree += number.to_bytes(3, "big")
    fields = {
        "node_count": _number(6, len(nodes)),
        "record_size": _number(5, 24),
        "ip_version": _number(5, 4),
        "database_type": _encode(database_type),
        "languages": bytes([0, 11 - 7]),  # an empty array
        "binary_format_major_version": _number(5, 2),
        "binary_format_minor_version": _number(5, 0),
        "build_epoch": bytes([4, 9 - 7]) + (1_767_225_600).to_bytes(4, "big"),  # 2026-01-01, a 64-bit number
        "description": _control(7, 0),
    }
    metadata = _control(7, len(fields)) + b"".join(_encode(key) + value for key, value in fields.items())
    path.write_bytes(bytes(tree) + b"\0" * 16 + bytes(data) + b"\xab\xcd\xefMaxMind.com" + metadata)


def _encode(value: Value) -> bytes:
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(_encode(key) + _encode(item) for key, item in value.items())
    if isinstance(value, int):
        return _number(6, value)
    return _control(2, len(value.encode())) + value.encode()


def _number(kind: int, value: int) -> bytes:
    body = value.to_bytes(4, "big").lstrip(b"\0")
    return _control(kind, len(body)) + body


def _control(kind: int, size: int) -> bytes:
    return bytes([kind << 5 | size]) if size < 29 else bytes([kind << 5 | 29, size - 29])
