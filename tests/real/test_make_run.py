"""`make run` on a clean clone: it becomes ready, survives the death of its parts, stops without a trace."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.instances import FIRST_START, Instance, clone, need_root

pytestmark = pytest.mark.real
ACCOUNT = "iocmarket-real"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that every account may pass through."""
    made = Path(tempfile.mkdtemp(prefix="iocmarket-real-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def checkout(folder: Path) -> Path:
    """A clean clone where other accounts cannot go, like a home of root: the hardest place to run PostgreSQL from."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    return clone(closed / "project")


@pytest.fixture(scope="module")
def first(checkout: Path) -> Iterator[Instance]:
    """The first start, with nothing but what the lock file installs."""
    instance = Instance(checkout, EMBEDDED="wheels")
    try:
        instance.wait_ready(FIRST_START)
        yield instance
    finally:
        instance.end()
        remove_private_data(instance)


def remove_private_data(instance: Instance) -> None:
    """The data of a closed checkout are under /var/lib (embedded/places.py); the log says where."""
    for line in instance.output().splitlines():
        _, found, place = line.partition("started, data in ")
        if found and place.startswith("/var/lib/iocmarket-"):
            shutil.rmtree(place, ignore_errors=True)


def test_a_clean_clone_becomes_ready_and_says_how_to_log_in(first: Instance) -> None:
    first.wait_said("ready after")
    assert f"http://127.0.0.1:{first.port}" in first.output()
    assert first.get("/healthz")[0] == 200
    status, page = first.get("/accounts/login/")
    assert status == 200
    assert "<form" in page
    assert "curl" in first.output(), "the demonstration shows lines to paste"


def test_services_come_from_the_wheels_and_do_not_run_as_root(first: Instance) -> None:
    for words in (("pginstall", "postgres", "-D"), ("redis-server", "redis.sock")):
        pid = first.pid_of(*words)
        assert Path(f"/proc/{pid}").stat().st_uid != 0


@pytest.mark.parametrize("words", [("gunicorn",), ("celery", "worker"), ("celery", "beat"), ("manage.py", "publish")])
def test_a_child_that_is_killed_is_started_again(first: Instance, words: tuple[str, ...]) -> None:
    old = first.pid_of(*words)
    os.kill(old, signal.SIGKILL)
    first.wait_for_other(old, *words)
    first.wait_ready()


def test_a_database_that_is_killed_is_started_again(first: Instance) -> None:
    os.kill(first.pid_of("postgres", "-D"), signal.SIGKILL)
    first.wait_said("a private service had died and was started again")
    first.wait_ready()


def test_a_second_instance_runs_side_by_side_and_leaves_the_first_alone(first: Instance, folder: Path) -> None:
    second = Instance(first.checkout, DATA_DIR=str(folder / "second" / "var"), DEMO="0")
    try:
        second.wait_ready()
        assert "curl" not in second.output(), "DEMO=0 loads no demonstration"
        second.stop(signal.SIGINT, group=True)
    finally:
        second.end()
    assert first.get("/readyz")[0] == 200


def test_a_second_instance_on_the_same_data_or_port_is_refused(first: Instance) -> None:
    second = Instance(first.checkout, EMBEDDED="wheels")
    assert second.process.wait(60) != 0
    assert "an instance already runs on" in second.output()
    environ = {**os.environ, "PORT": str(first.port), "DATA_DIR": str(first.checkout / "elsewhere")}
    refused = subprocess.run(
        ["make", "run"], cwd=first.checkout, env=environ, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert f"port {first.port} is in use" in refused.stdout
    assert first.get("/readyz")[0] == 200


def test_a_command_reaches_the_running_services(first: Instance) -> None:
    told = subprocess.run(
        [
            first.checkout / ".venv/bin/python",
            "manage.py",
            "create_institution",
            "Université réelle",
            "--domain",
            "u.example",
        ],
        cwd=first.checkout,
        env={"PATH": os.environ["PATH"], "EMBEDDED": "wheels"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert first.get("/readyz")[0] == 200, "the services that the command used still run"


def test_a_stop_leaves_no_process_and_the_next_start_finds_the_data(first: Instance) -> None:
    first.stop(signal.SIGTERM)
    assert "stopped" in first.output()
    again = Instance(first.checkout, EMBEDDED="wheels")
    try:
        again.wait_ready()
        again_created = subprocess.run(
            [again.checkout / ".venv/bin/python", "manage.py", "shell", "-c", INSTITUTIONS],
            cwd=again.checkout,
            env={"PATH": os.environ["PATH"], "EMBEDDED": "wheels"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Université réelle" in again_created.stdout
        os.kill(again.pid_of("-m iocmarket.supervisor"), signal.SIGKILL)
        again.process.wait(30)
        again.wait_gone()
    finally:
        again.end()


INSTITUTIONS = (
    "from iocmarket.accounts.models import Institution; print(*Institution.objects.values_list('name', flat=True))"
)


def test_an_ordinary_account_needs_no_root(folder: Path) -> None:
    need_root("creates an ordinary account")
    subprocess.run(["useradd", "--create-home", "--home-dir", str(folder / "home"), ACCOUNT], check=True)
    try:
        person = pwd.getpwnam(ACCOUNT)
        checkout = clone(folder / "home" / "project")
        for path in (checkout, *checkout.rglob("*")):
            os.chown(path, person.pw_uid, person.pw_gid, follow_symlinks=False)
        programs = f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        instance = Instance(checkout, account=(person.pw_uid, person.pw_gid), PATH=programs)
        try:
            instance.wait_ready(FIRST_START)
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in instance.processes()}
            assert owners == {person.pw_uid}
            instance.stop(signal.SIGINT, group=True)
        finally:
            instance.end()
    finally:
        subprocess.run(["userdel", ACCOUNT], check=True)
