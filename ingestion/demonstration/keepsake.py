"""The log-ins and tokens of the demonstration, kept so that a second start can print them again.

They are random at every installation and lie in a file that only its owner reads (0600). A real community has no such
file: its passwords and tokens are stored as hashes alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NAME = "demonstration.txt"
HEADING = "# Log-ins and tokens of the demonstration community: `login EMAIL PASSWORD`, `token INSTITUTION SECRET`."


@dataclass(frozen=True, slots=True)
class Login:
    """One member's way in."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class MachineKey:
    """One institution's token; `house` is its key in the story."""

    house: str
    secret: str


@dataclass(frozen=True, slots=True)
class Keepsake:
    """Everything that opens the demonstration."""

    logins: tuple[Login, ...]
    keys: tuple[MachineKey, ...]


def keep(keepsake: Keepsake, data_dir: Path) -> None:
    """Write the file whole or not at all, readable by its owner alone from the first byte on."""
    lines = [HEADING]
    lines += [f"login {login.email} {login.password}" for login in keepsake.logins]
    lines += [f"token {key.house} {key.secret}" for key in keepsake.keys]
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f".{NAME}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    draft.replace(data_dir / NAME)


def recall(data_dir: Path) -> Keepsake | None:
    """What the file holds; None when there is none. Raises ValueError for a line of another form."""
    path = data_dir / NAME
    if not path.exists():
        return None
    logins, keys = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, name, secret = line.split(" ")
        if kind == "login":
            logins.append(Login(name, secret))
        else:
            keys.append(MachineKey(name, secret))
    return Keepsake(tuple(logins), tuple(keys))
