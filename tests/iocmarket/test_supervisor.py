"""The supervisor: what it plans, how it restarts a child, what it refuses before it starts anything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iocmarket.supervisor import child as children
from iocmarket.supervisor import probe as probes
from iocmarket.supervisor.__main__ import port_is_free
from iocmarket.supervisor.child import Child
from iocmarket.supervisor.plan import PlanError, environment, programs, read_plan
from iocmarket.supervisor.probe import Probe

PROJECT = Path(__file__).resolve().parent.parent.parent


def run_until(child: Child, seconds: float = 10) -> list[str]:
    """Start the child, read it to its end, return its lines."""
    assert child.start_if_due()
    lines: list[str] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended = child.stopped()
        lines += child.read_lines()
        if ended:
            return lines
        time.sleep(0.02)
    raise AssertionError("the child did not end")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_without_configuration_the_instance_brings_its_services_and_its_demonstration() -> None:
    plan = read_plan({})
    assert (plan.port, plan.own_database, plan.own_redis, plan.demonstration) == (8000, True, True, True)
    assert plan.public_url == "http://127.0.0.1:8000"


def test_what_the_environment_gives_is_not_brought_again() -> None:
    plan = read_plan({"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h/0", "DEMO": "0", "PORT": "8100"})
    assert (plan.port, plan.own_database, plan.own_redis, plan.demonstration) == (8100, False, False, False)
    passed_on = environment(plan, "private", "private", {"DATABASE_URL": "postgresql://h/d"})
    assert passed_on["DATABASE_URL"] == "postgresql://h/d"
    assert passed_on["REDIS_URL"] == "private"


def test_mails_are_taken_where_there_is_an_address_and_a_door() -> None:
    door = {"MAILBOX_ADDRESS": "ioc@ioc.example", "MAILBOX_LISTEN": "lmtp:/run/x"}
    assert "mailbox" in programs(read_plan(door))
    assert "mailbox" not in programs(read_plan({"MAILBOX_ADDRESS": "ioc@ioc.example"}))


def test_the_name_server_runs_beside_the_web_server_where_bind_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iocmarket.supervisor.plan.shutil.which", lambda *_args, **_choices: "/usr/sbin/named")
    plan = read_plan({"PORT": "8100"})
    assert "transfer" in programs(plan)
    assert environment(plan, "", "", {})["TRANSFER_LISTEN"] == "127.0.0.1:8153"
    assert read_plan({"TRANSFER_LISTEN": "192.0.2.1:53"}).transfer == "192.0.2.1:53"
    assert "transfer" not in programs(read_plan({"TRANSFER_LISTEN": "-"}))
    monkeypatch.setattr("iocmarket.supervisor.plan.shutil.which", lambda *_args, **_choices: None)
    assert "transfer" not in programs(read_plan({"TRANSFER_LISTEN": "192.0.2.1:53"}))


@pytest.mark.parametrize("port", ["zero", "0", "65536", "-1", "80 "])
def test_an_impossible_port_is_named(port: str) -> None:
    with pytest.raises(PlanError, match="PORT must be a number"):
        read_plan({"PORT": port})


def test_the_web_server_listens_on_loopback_alone() -> None:
    assert "127.0.0.1:8123" in programs(read_plan({"PORT": "8123"}))["web"]


def test_every_line_of_a_child_arrives_even_the_last_without_an_end() -> None:
    child = Child("it", python("import sys; print('one'); print('é'); sys.stdout.write('last')"), os.environ)
    assert run_until(child) == ["one", "é", "last"]
    assert child.reap().startswith("ended with status 0")


def test_a_child_that_dies_young_is_restarted_later_each_time_and_one_that_lived_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(children, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(children, "LONGEST_DELAY", 0.03)
    child = Child("it", python("import sys; sys.exit(3)"), os.environ)
    child._delay = children.FIRST_DELAY
    said = []
    for _ in range(4):
        run_until(child)
        said.append(child.reap())
        time.sleep(0.05)
    assert said == [f"ended with status 3; starting again in {delay} s" for delay in ("0.01", "0.02", "0.03", "0.03")]
    monkeypatch.setattr(children, "GOOD_LIFE", 0.0)
    run_until(child)
    assert child.reap() == "ended with status 3; starting again in 0.01 s"


def test_a_dead_child_is_not_started_before_its_delay() -> None:
    child = Child("it", python("pass"), os.environ)
    run_until(child)
    child.reap()
    assert not child.start_if_due()


def test_what_a_dead_child_had_started_is_killed_too() -> None:
    code = (
        "import os, subprocess, sys, time; p = subprocess.Popen(['sleep', '600']); "
        "print(p.pid, flush=True); os._exit(0)"
    )
    child = Child("it", python(code), os.environ)
    orphan = int(run_until(child)[0])
    child.reap()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and is_running(orphan):
        time.sleep(0.02)
    assert not is_running(orphan)


def test_the_signal_that_killed_a_child_is_named() -> None:
    child = Child("it", python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), os.environ)
    run_until(child)
    assert child.reap().startswith(f"killed by {signal.SIGKILL.name}")


def test_a_child_that_ignores_the_request_to_stop_is_killed() -> None:
    child = Child(
        "it",
        python("import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"),
        os.environ,
    )
    child.start_if_due()
    while not child.read_lines():
        time.sleep(0.02)
    child.ask_to_stop()
    time.sleep(0.1)
    assert not child.stopped()
    child.kill()
    assert child.stopped()


def test_a_port_in_use_is_refused_with_advice(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        refused = subprocess.run(
            [sys.executable, "-m", "iocmarket.supervisor"],
            env={**os.environ, "PORT": str(port), "DATA_DIR": str(tmp_path / "var")},
            capture_output=True,
            text=True,
            cwd=PROJECT,
            check=False,
        )
    assert refused.returncode == 2
    assert f"port {port} is in use" in refused.stdout
    assert "make run PORT=" in refused.stdout
    assert not (tmp_path / "var").exists()


def test_an_unusable_data_dir_is_named_instead_of_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = subprocess.run(
        [sys.executable, "-m", "iocmarket.supervisor"],
        env={**os.environ, "PORT": str(unused_port()), "DATA_DIR": str(tmp_path / "file")},
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert refused.returncode == 2
    assert f"{tmp_path / 'file'} cannot be used" in refused.stdout


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        assert b"GET /readyz" in connection.recv(1000)
        connection.sendall(answer)


def test_the_probe_waits_for_nothing_and_hears_a_yes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "PAUSE", 0.0)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        probe = Probe(listener.getsockname()[1])
        assert not probe.ready(), "nothing listens"
        listener.listen()
        for answer in (b"HTTP/1.0 503 Service Unavailable\r\n\r\n", b"", b"HTTP/1.0 200 OK\r\n\r\n"):
            assert not probe.ready(), "the question was sent just now"
            assert not probe.ready(), "there is no answer yet"
            serve_once(listener, answer)
            deadline = time.monotonic() + 5
            while probe._question is not None and time.monotonic() < deadline:
                said = probe.ready()
            assert said is (b" 200 " in answer)
    assert probe.ready()


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie waiting for its parent."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
