"""A SAML identity provider made with pysaml2: its own keys, a real HTTP server, answers signed by xmlsec1."""

from __future__ import annotations

import base64
import html
import shutil
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

with warnings.catch_warnings():  # pysaml2 reads names that another library is about to move
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    from saml2 import BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT, NameID
    from saml2.server import Server
    from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

ANOTHER = "https://another.example/sp"
"""A service that the providers know besides us."""
PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
XMLSEC1 = shutil.which("xmlsec1")


@dataclass
class Person:
    """Whom the provider logs in."""

    attributes: dict[str, Any]
    persistent: str = ""
    context: str = PASSWORD_CONTEXT


@dataclass
class IdP:
    """One provider. `person` is who sits before the browser."""

    entity_id: str
    sso_url: str
    certificate: str
    server: Server
    person: Person
    asked: list[str] = field(default_factory=list)
    session_began: float = 0.0
    """When the person logged in there, in seconds since 1970; 0: for each request anew."""
    ignores_force: bool = False
    """Whether it answers ForceAuthn from that session all the same."""

    def read_request(self, where: str) -> str:
        """The id of the request in an address, read as a provider reads it."""
        sent = parse_qs(urlsplit(where).query)["SAMLRequest"][0]
        found = self.server.parse_authn_request(sent, BINDING_HTTP_REDIRECT)
        return str(found.message.id)

    def answer(self, request_id: str, *, acs: str, audience: str, **changes: Any) -> str:
        """A signed answer in base64; `changes` are pysaml2's own words (sign_response, sign_assertion …), and
        `forced`: whether the request asked for a new log-in."""
        asks = not self.session_began or (changes.pop("forced", False) and not self.ignores_force)
        authn = {
            "class_ref": self.person.context, "authn_auth": self.entity_id,
            "authn_instant": int(time.time() if asks else self.session_began),
        }  # fmt: skip
        person = self.person
        name_id = NameID(
            format=NAMEID_FORMAT_PERSISTENT if person.persistent else NAMEID_FORMAT_TRANSIENT,
            text=person.persistent or "_transient-1",
        )
        signing = {"sign_alg": SIG_RSA_SHA256, "digest_alg": DIGEST_SHA256}
        choices = {"sign_assertion": True, "sign_response": False, **signing, **changes}
        made = self.server.create_authn_response(
            identity=person.attributes, in_response_to=request_id, destination=acs, sp_entity_id=audience,
            name_id=name_id, authn=authn, **choices,
        )  # fmt: skip
        return base64.b64encode(str(made).encode()).decode()

    def answer_to(self, where: str) -> dict[str, str]:
        """What the page of the provider sends to us."""
        sent = parse_qs(urlsplit(where).query)
        found = self.server.parse_authn_request(sent["SAMLRequest"][0], BINDING_HTTP_REDIRECT)
        acs = found.message.assertion_consumer_service_url
        audience = found.message.issuer.text
        self.asked.append(found.message.id)
        forced = found.message.force_authn == "true"
        answer = self.answer(found.message.id, acs=acs, audience=audience, forced=forced)
        return {"SAMLResponse": answer, "RelayState": sent.get("RelayState", [""])[0], "acs": acs}


def make_key(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate that nobody else has, in files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    key_file, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate


def _entity_id(metadata: str) -> str:
    return metadata.partition('entityID="')[2].partition('"')[0]


@contextmanager
def running(folder: Path, *, name: str, our_metadata: str, port: int = 0) -> Iterator[IdP]:
    """A provider that knows us by our own metadata."""
    key, certificate = make_key(folder, name)
    listening = ThreadingHTTPServer(("127.0.0.1", port), _Page)
    entity_id = f"https://{name}.example/idp"
    sso_url = f"http://127.0.0.1:{listening.server_port}/sso"
    config = IdPConfig().load(
        {
            "entityid": entity_id,
            "xmlsec_binary": XMLSEC1,
            "key_file": str(key),
            "cert_file": str(certificate),
            "metadata": {"inline": [our_metadata, our_metadata.replace(_entity_id(our_metadata), ANOTHER)]},
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": [(sso_url, BINDING_HTTP_REDIRECT)]},
                    "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                }
            },
        }
    )
    lines = certificate.read_text().strip().splitlines()[1:-1]
    idp = IdP(entity_id, sso_url, "".join(lines), Server(config=config), Person({}))
    listening.idp = idp  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield idp
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


class _Page(BaseHTTPRequestHandler):
    """The provider's own page: whoever comes is logged in and sent back with a form."""

    def do_GET(self) -> None:
        """Answer the request in the address; there is nothing else, not even the icon that browsers ask for."""
        if "SAMLRequest" not in self.path:
            self.send_error(404)
            return
        sent = self.server.idp.answer_to(self.path)  # type: ignore[attr-defined]
        acs = sent.pop("acs")
        fields = "".join(f'<input name="{name}" value="{html.escape(text)}">' for name, text in sent.items())
        page = f'<form method="post" action="{html.escape(acs)}">{fields}<button>Go on</button></form>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args: Any) -> None:
        """Silence."""
