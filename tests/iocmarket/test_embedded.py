"""The private services: found from DATA_DIR alone, shared by starters, never on TCP, never as root, never orphans."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from iocmarket import embedded
from iocmarket.embedded import places, programs
from iocmarket.embedded.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parent.parent.parent
UNIX_PATH_MAX = 107  # bytes, unix(7)
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that every account may pass through, unlike pytest's tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="iocmarket-embedded-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder)


def query(urls: embedded.ServiceUrls, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(urls.database)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def postmaster(services: embedded.Services) -> int:
    return int((services.places.cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists(), f"process {pid} is still there"


@given(st.text("abcdefgh/", min_size=1, max_size=300))
def test_socket_paths_fit_in_the_kernels_limit_however_long_data_dir_is(tail: str) -> None:
    place = places.locate(Path("/tmp") / tail.strip("/"))
    assert len(os.fsencode(place.sockets / places.SOCKET_NAME)) <= UNIX_PATH_MAX
    assert len(os.fsencode(place.redis_socket)) <= UNIX_PATH_MAX


def test_two_instances_share_no_place() -> None:
    one, other = embedded.urls(Path("/tmp/one")), embedded.urls(Path("/tmp/other"))
    assert one.database != other.database
    assert one.redis != other.redis


def test_asking_where_the_services_are_starts_and_writes_nothing(data_dir: Path) -> None:
    embedded.urls(data_dir)
    assert not data_dir.exists()


def test_services_answer_where_urls_said_and_keep_their_data(data_dir: Path) -> None:
    told = embedded.urls(data_dir)
    with embedded.start(data_dir, test=True) as services:
        assert services.started == ("postgresql", "redis")
        assert services.urls == told
        query(told, "CREATE TABLE kept AS SELECT 7 AS number")
        assert redis.Redis.from_url(told.redis).ping()
    assert embedded.urls(data_dir) == told
    with embedded.start(data_dir, test=True):
        assert query(told, "SELECT number FROM kept") == [(7,)]


def test_nothing_listens_on_tcp_and_no_other_account_enters(data_dir: Path) -> None:
    with embedded.start(data_dir, test=True) as services:
        assert query(services.urls, "SHOW listen_addresses") == [("",)]
        with closing(redis.Redis.from_url(services.urls.redis)) as client:
            assert client.config_get("port") == {"port": "0"}
        for folder in (services.places.sockets, services.places.cluster, services.places.redis):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        owner = Path(f"/proc/{postmaster(services)}").stat().st_uid
        assert owner != 0
        assert owner == services.places.cluster.stat().st_uid


def test_a_second_starter_uses_what_runs_and_does_not_stop_it(data_dir: Path) -> None:
    with embedded.start(data_dir, test=True) as first:
        with embedded.start(data_dir, test=True) as second:
            assert second.started == ()
        assert query(first.urls, "SELECT 1") == [(1,)]


def test_of_three_starters_at_once_each_service_is_started_by_one(data_dir: Path) -> None:
    program = (
        "import pathlib, sys; from iocmarket import embedded; "
        "s = embedded.start(pathlib.Path(sys.argv[1]), test=True); "
        "print(*s.started, sep=',', flush=True); sys.stdin.read(); s.stop()"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        for _ in range(3)
    ]
    said = [name for starter in starters if starter.stdout for name in starter.stdout.readline().strip().split(",")]
    for starter in starters:
        starter.communicate("")
    assert sorted(name for name in said if name) == ["postgresql", "redis"]
    assert [starter.returncode for starter in starters] == [0, 0, 0]


def test_a_killed_starter_leaves_no_service_and_the_next_one_starts(data_dir: Path) -> None:
    program = (
        "import pathlib, sys, time; from iocmarket import embedded; "
        "s = embedded.start(pathlib.Path(sys.argv[1])); print('up', flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(data_dir)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    with embedded.start(data_dir) as bystander:
        pid = postmaster(bystander)
        query(bystander.urls, "CREATE TABLE kept AS SELECT 7 AS number")
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    wait_until_gone(pid)
    with embedded.start(data_dir) as services:
        assert services.started == ("postgresql", "redis")
        assert query(services.urls, "SELECT number FROM kept") == [(7,)]


def test_a_service_that_died_is_brought_back_with_its_data(data_dir: Path) -> None:
    with embedded.start(data_dir) as services:
        query(services.urls, "CREATE TABLE kept AS SELECT 7 AS number")
        pid = postmaster(services)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and "postgresql" in services.alive():
            time.sleep(0.05)
        services.ensure()
        assert postmaster(services) != pid
        assert query(services.urls, "SELECT number FROM kept") == [(7,)]


def test_a_pid_file_that_now_names_another_program_does_not_prevent_a_start(data_dir: Path) -> None:
    with embedded.start(data_dir, test=True) as services:
        cluster, lines = services.places.cluster, (services.places.cluster / "postmaster.pid").read_text().split("\n")
    stranger = os.getpid()
    (cluster / "postmaster.pid").write_text("\n".join([str(stranger), *lines[1:]]))
    with embedded.start(data_dir, test=True) as services:
        assert postmaster(services) != stranger


def test_a_start_that_was_killed_while_it_made_the_cluster_is_repeated(data_dir: Path) -> None:
    place = places.locate(data_dir)
    (place.home / ".postgresql.draft" / "base").mkdir(parents=True)
    with embedded.start(data_dir, test=True) as services:
        assert query(services.urls, "SELECT 1") == [(1,)]


def test_data_of_another_major_version_are_refused_and_left_alone(data_dir: Path) -> None:
    cluster = places.locate(data_dir).cluster
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 9, only .* found"):
        embedded.start(data_dir, test=True)
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_stop_ends_services_that_someone_else_started(data_dir: Path) -> None:
    with embedded.start(data_dir, test=True) as services:
        embedded.stop(data_dir)
        assert services.alive() == ()
        embedded.stop(data_dir)


def test_the_wheels_are_enough(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDED", "wheels")
    packages = Path(sys.prefix)
    assert packages in programs.find_redis().parents
    found = programs.find_postgres(None)
    assert packages in found.bin.parents
    with embedded.start(data_dir, test=True) as services:
        version = query(services.urls, "SHOW server_version_num")[0][0]
        assert int(str(version)) // 10000 == found.major
        assert query(services.urls, "SELECT upper('é'), '10.0.0.0/8'::inet >>= '10.1.2.3'::inet") == [("É", True)]


def test_data_that_the_unprivileged_account_cannot_reach_are_kept_aside(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = data_dir.parent / "state"
    state.mkdir(mode=0o755)
    monkeypatch.setattr(places, "SYSTEM_STATE", state)
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    place = places.locate(closed / "var")
    assert place.home.parent == (state if AS_ROOT else closed)
    with embedded.start(closed / "var", test=True) as services:
        assert services.places == place
    closed.chmod(0o755)
    assert places.locate(closed / "var").home == place.home, "existing data decide before permissions do"


def test_a_program_that_the_unprivileged_account_cannot_reach_is_copied(tmp_path: Path, data_dir: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "wheel" / "bin").mkdir(parents=True)
    (closed / "wheel.libs").mkdir()
    (closed / "wheel.libs" / "lib.so").write_text("library")
    program = closed / "wheel" / "bin" / "server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    closed.chmod(0o700)
    data_dir.mkdir()
    stranger = places.Account(54321, 54321)
    copy = programs.readable_copy(program, closed / "wheel", stranger, data_dir)
    assert places.can_traverse(copy, stranger)
    assert copy.read_text() == "#!/bin/sh\n"
    assert (copy.parent.parent.with_name("wheel.libs") / "lib.so").read_text() == "library"
    assert programs.readable_copy(program, closed / "wheel", stranger, data_dir) == copy
    assert programs.readable_copy(program, closed / "wheel", None, data_dir) == program


def test_a_folder_prepared_by_another_account_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    trap = data_dir / "trap"
    trap.symlink_to(data_dir.parent)
    with pytest.raises(EmbeddedError, match="belongs to another account"):
        places.own_private(trap, None)
