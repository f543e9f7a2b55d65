"""What BIND is told: a view for each subscriber, chosen by the key that signs the request. Pure: values in, text out.

All subscribers ask for the same zone; whose content they get follows from the key alone, and who has none gets nothing.
Everything that stands in the text was made or checked by this program: names of keys, base64, addresses, numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sharing.feeds.formats.rpz import ORIGIN

ZONE = ORIGIN.rstrip(".")
ALGORITHM = "hmac-sha256"


@dataclass(frozen=True, slots=True)
class Served:
    """One subscriber as the server sees it."""

    label: str
    """Names its view and its file: hexadecimal digits."""
    keys: tuple[tuple[str, str], ...] = field(repr=False)
    """(name, secret in base64), the oldest first."""
    notify: tuple[str, ...]
    """`address#port`."""


def named_conf(
    subscribers: Iterable[Served], *, folder: Path, listen: tuple[str, int], control: tuple[int, str]
) -> str:
    """The whole configuration. `control`: port on loopback and secret for `rndc`."""
    listed = list(subscribers)
    keys = [key for one in listed for key in one.keys]
    parts = [_options(folder, listen), _control(*control), *(_key(*key) for key in keys), *map(_view, listed), _REST]
    return "\n".join(parts)


def rndc_conf(port: int, secret: str) -> str:
    """What `rndc` is told."""
    return (
        f"{_key('control', secret)}\n"
        f'options {{ default-server 127.0.0.1; default-port {port}; default-key "control"; }};\n'
    )


def _options(folder: Path, listen: tuple[str, int]) -> str:
    address, port = listen
    four, six = ("none", address) if ":" in address else (address, "none")
    # No delay and no limit that a community reaches: a change is to be in force within seconds.
    return f"""\
options {{
  directory "{folder}";
  pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ {four}; }};
  listen-on-v6 port {port} {{ {six}; }};
  recursion no; dnssec-validation no; empty-zones-enable no; minimal-responses yes;
  version none; hostname none; server-id none;
  allow-query {{ none; }}; allow-transfer {{ none; }}; allow-update {{ none; }}; allow-notify {{ none; }};
  notify no; notify-delay 0; notify-rate 200; startup-notify-rate 200; serial-query-rate 200;
  transfers-out 200; tcp-clients 500; max-cache-size 4M;
  check-names primary ignore; zone-statistics none; querylog no;
}};
logging {{
  channel out {{ stderr; severity info; print-category yes; }};
  category default {{ out; }};
  category general {{ null; }}; category notify {{ null; }}; category config {{ null; }};
}};"""


def _control(port: int, secret: str) -> str:
    return (
        f"{_key('control', secret)}\n"
        f'controls {{ inet 127.0.0.1 port {port} allow {{ 127.0.0.1; }} keys {{ "control"; }}; }};'
    )


def _key(name: str, secret: str) -> str:
    return f'key "{name}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};'


def _view(one: Served) -> str:
    """Its zone under the common name. Changes are told with every key: a secondary knows at least one of them."""
    keys = " ".join(f'key "{name}";' for name, _secret in one.keys)
    told = " ".join(
        f'{address} port {port} key "{name}";'
        for address, port in (place.split("#") for place in one.notify)
        for name, _secret in one.keys
    )
    return f"""\
view "{one.label}" {{
  match-clients {{ {keys} }};
  zone "{ZONE}" {{
    type primary; file "{one.label}.zone"; ixfr-from-differences yes;
    allow-query {{ {keys} }}; allow-transfer {{ {keys} }};
    notify explicit; also-notify {{ {told} }};
  }};
}};"""


_REST = 'view "rest" { match-clients { any; }; };\n'
"""Whoever signs with no key, or with none that is known, finds a server without zones."""
