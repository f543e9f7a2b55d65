"""Web servers on loopback that behave as they are told, one connection at a time, byte by byte where asked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behave = Callable[[socket.socket, str], None]


@dataclass(slots=True)
class Server:
    """A listening server and the request heads that it received."""

    port: int
    heads: list[str] = field(default_factory=list)


@contextmanager
def serving(behave: Behave, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for the time of the block; `behave` gets the connection and the request's head."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])

    def run() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(raw, behave, tls, server), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(raw: socket.socket, behave: Behave, tls: ssl.SSLContext | None, server: Server) -> None:
    with raw:
        try:
            peer = tls.wrap_socket(raw, server_side=True) if tls else raw
            with peer:
                peer.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head and (part := peer.recv(4096)):
                    head += part
                server.heads.append(head.decode("latin-1"))
                behave(peer, head.decode("latin-1"))
        except OSError:
            return


def answer(body: bytes = b"hello", *headers: str, status: str = "200 OK", length: int | None = None) -> Behave:
    """An ordinary answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return lambda peer, _head: peer.sendall("\r\n".join(lines).encode() + body)


def redirect(where: str, status: str = "302 Found") -> Behave:
    """Elsewhere."""
    return answer(b"", f"Location: {where}", status=status)


def dripping(start: bytes, each: bytes, pause: float) -> Behave:
    """A beginning, and then a byte now and then, for six seconds at least."""

    def behave(peer: socket.socket, _head: str) -> None:
        peer.sendall(start)
        end = time.monotonic() + 6
        while time.monotonic() < end:
            time.sleep(pause)
            peer.sendall(each)

    return behave


def flooding(start: bytes, each: bytes) -> Behave:
    """A beginning, and then as much as the reader takes."""

    def behave(peer: socket.socket, _head: str) -> None:
        peer.sendall(start)
        while True:
            peer.sendall(each)

    return behave


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for those names, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    entries = [_name(name) for name in names]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(entries), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / "server.pem"
    path.write_bytes(
        pem
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
