"""Where the private services keep their files, and which account runs them.

Every answer is computed from DATA_DIR and the file system alone, so that each process of an instance finds the same
places without being told. Two facts force the arithmetic: PostgreSQL refuses to run as root, and the path of a unix
socket is limited to 107 bytes on Linux (`sun_path`, unix(7)).
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from iocmarket.embedded.errors import EmbeddedError

LONGEST_SOCKET_PATH = 103  # bytes: the lowest limit in use (macOS), below Linux's 107
SOCKET_NAME = ".s.PGSQL.5432"
CLUSTER = "postgresql"
SYSTEM_STATE = Path("/var/lib")
SHORT_PATHS = Path("/tmp")  # noqa: S108  # the folder made in it is private, and its owner is checked at each start


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that runs the services when root starts them."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Places:
    """`home` holds the data and copied programs; `sockets` the two sockets; `account` is None for oneself."""

    data_dir: Path
    home: Path
    sockets: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.home / CLUSTER

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def log(self) -> Path:
        return self.data_dir / "log"


def locate(data_dir: Path) -> Places:
    """The places of the instance whose DATA_DIR this is. Creates nothing."""
    data_dir = data_dir.resolve()
    if os.geteuid() != 0:
        return Places(data_dir, data_dir, _sockets(data_dir, data_dir, os.geteuid()), None)
    aside = SYSTEM_STATE / f"iocmarket-{_mark(data_dir)}"
    account = _account(data_dir, aside)
    home = _home(data_dir, aside, account)
    return Places(data_dir, home, _sockets(data_dir, home, account.uid), account)


def prepare(places: Places) -> None:
    """Make the folders, private to the account that runs the services. Raises EmbeddedError when one is not ours."""
    for folder in (places.data_dir, places.home, places.log):
        folder.mkdir(parents=True, exist_ok=True)
    if places.account is not None and not can_traverse(places.home, places.account):
        places.home.chmod(stat.S_IMODE(places.home.stat().st_mode) | stat.S_IXOTH)
    for folder in (places.redis, places.sockets):
        own_private(folder, places.account)


def own_private(folder: Path, account: Account | None) -> None:
    """A folder of mode 0700 that belongs to `account`, or to oneself. Raises EmbeddedError if it is another's."""
    uid = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedError(f"{folder} belongs to another account: remove it or choose another DATA_DIR") from None
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    folder.chmod(0o700)


def can_traverse(path: Path, account: Account) -> bool:
    """Whether the account may pass through every existing folder of the path, by the mode bits."""
    return all(_executable(folder, account) for folder in (path, *path.parents) if folder.exists())


def _executable(path: Path, account: Account) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _account(data_dir: Path, aside: Path) -> Account:
    """Who owns the data already there, else who owns DATA_DIR, else `nobody`: never root."""
    for owned in (data_dir / CLUSTER, aside / CLUSTER, data_dir):
        if owned.exists() and owned.stat().st_uid != 0:
            return Account(owned.stat().st_uid, owned.stat().st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def _home(data_dir: Path, aside: Path, account: Account) -> Path:
    """DATA_DIR, unless the account cannot reach it (a checkout under /root): then a folder under /var/lib.

    Data that exist decide before permissions do, so that a `chmod` of a parent never makes an instance look empty.
    """
    if (data_dir / CLUSTER).exists():
        return data_dir
    if (aside / CLUSTER).exists() or not can_traverse(data_dir.parent, account):
        return aside
    return data_dir


def _sockets(data_dir: Path, home: Path, uid: int) -> Path:
    folder = home / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return folder
    return SHORT_PATHS / f"iocmarket-{uid}-{_mark(data_dir)}"


def _mark(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
