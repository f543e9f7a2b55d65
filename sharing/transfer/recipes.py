"""What a subscriber writes into the own name server: zone, key, and how soon a change takes effect. Pure."""

from __future__ import annotations

from sharing.transfer.configuration import ALGORITHM, ZONE

HIDDEN = "SECRET"
"""What stands in the lines once the secret is shown no more."""


def bind(*, place: tuple[str, int], key: str, secret: str = HIDDEN) -> str:
    """BIND applies changes of a policy once a minute unless told otherwise."""
    address, port = place
    return f"""\
key "{key}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};
options {{
  response-policy {{ zone "{ZONE}" policy given max-policy-ttl 300 min-update-interval 1; }}
    qname-wait-recurse no;
}};
zone "{ZONE}" {{
  type secondary;
  primaries {{ {address} port {port} key "{key}"; }};
  allow-notify {{ {address}; key "{key}"; }};
  masterfile-format text; file "{ZONE}.zone";
  request-ixfr yes; check-names ignore;
  allow-query {{ localhost; }}; allow-transfer {{ none; }}; notify no;
}};
"""


def powerdns(*, place: tuple[str, int], key: str, secret: str = HIDDEN) -> str:
    """PowerDNS Recursor learns of no NOTIFY for such a zone: it asks every ten seconds, which costs one packet."""
    address, port = place
    where = f"[{address}]" if ":" in address else address
    return (
        f'rpzPrimary("{where}:{port}", "{ZONE}", '
        f'{{tsigname="{key}", tsigalgo="{ALGORITHM}", tsigsecret="{secret}", refresh=10}})\n'
    )
