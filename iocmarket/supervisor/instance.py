"""The life of an instance: services, preparation, children kept alive, a stop that leaves nothing behind.

One thread: children are bound to the life of the thread that starts them (embedded/children.py), and a loop that
looks five times a second needs no more.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from types import FrameType

from iocmarket import embedded
from iocmarket.embedded.children import end, launch
from iocmarket.supervisor import plan as plans
from iocmarket.supervisor.child import Child, describe
from iocmarket.supervisor.console import say, write
from iocmarket.supervisor.probe import Probe

TICK = 0.2  # seconds
SERVICE_CHECK = 2.0  # seconds between two looks at the services
PATIENCE = 20.0  # seconds a child has to finish its work after SIGTERM
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Instance:
    """Runs one plan until a signal asks it to stop."""

    def __init__(self, plan: plans.Plan) -> None:
        self._plan = plan
        self._asked = 0
        self._services: embedded.Services | None = None
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._began = time.monotonic()
        self._farewell = ""
        self._probe = Probe(plan.port)

    def run(self) -> int:
        """Returns the exit code: 0 after a stop that was asked for, 1 when the preparation failed."""
        for number in STOPS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
                signal.signal(number, self._on_signal)
        try:
            env = self._start_services()
            if not self._prepare(env):
                return 0 if self._asked else 1
            self._children = [Child(name, argv, env) for name, argv in plans.programs(self._plan).items()]
            self._supervise()
        except embedded.EmbeddedError as error:
            say("run", str(error))
            return 1
        finally:
            self._stop()
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked += 1

    def _start_services(self) -> dict[str, str]:
        plan = self._plan
        self._services = embedded.start(plan.data_dir, database=plan.own_database, redis=plan.own_redis)
        for name in self._services.started:
            say("run", f"private {name} started, data in {self._services.places.home}")
        urls = self._services.urls
        return plans.environment(plan, urls.database, urls.redis, os.environ)

    def _prepare(self, env: dict[str, str]) -> bool:
        """Run the preparation to its end; keep what it prints on stdout for the moment when the program is ready."""
        say("run", "preparing: catalogues, migrations, static files, demonstration")
        process = launch(plans.preparation(), output=subprocess.PIPE, errors=None, env=env)
        kept = b""
        while True:
            try:
                kept, _ = process.communicate(timeout=TICK)
                break
            except subprocess.TimeoutExpired:
                if self._asked:
                    end(process, signal.SIGTERM, PATIENCE)
        self._farewell = kept.decode(errors="replace")
        if process.returncode and not self._asked:
            write(self._farewell)
            say("run", f"the preparation {describe(process.returncode)}")
        return process.returncode == 0 and not self._asked

    def _supervise(self) -> None:
        ready, look_at = False, 0.0
        while not self._asked:
            for child in self._children:
                if child.start_if_due() and child.output is not None:
                    self._selector.register(child.output, selectors.EVENT_READ, child)
            self._pump(TICK)
            now = time.monotonic()
            if now >= look_at:
                look_at = now + SERVICE_CHECK
                self._revive_services()
            if not ready and self._probe.ready():
                ready = True
                self._say_ready()

    def _pump(self, timeout: float) -> None:
        """Show what the children wrote; take note of those that died."""
        self._selector.select(timeout)
        for child in self._children:
            output, died = child.output, child.stopped()  # asked before reading: what a dead child wrote is all there
            for line in child.read_lines():
                say(child.name, line)
            if died and output is not None:
                self._selector.unregister(output)
                say(child.name, child.reap())

    def _revive_services(self) -> None:
        if self._services is None:
            return
        before = self._services.alive()
        try:
            self._services.ensure()
        except embedded.EmbeddedError as error:
            say("run", str(error))
        if self._services.alive() != before:
            say("run", "a private service had died and was started again")

    def _say_ready(self) -> None:
        write(f"\n{self._farewell}\n" if self._farewell else "\n")
        took = time.monotonic() - self._began
        say("run", f"ready after {took:.0f} s: {self._plan.public_url} (Ctrl-C stops everything)")

    def _stop(self) -> None:
        """Children first, politely, then what remains of them, then the services. A second signal ends the patience."""
        self._probe.close()
        asked_before, deadline = self._asked, time.monotonic() + PATIENCE
        if self._children:
            say("run", "stopping")
        for child in self._children:
            child.ask_to_stop()
        while not all(child.stopped() for child in self._children):
            self._show_rest()
            if time.monotonic() > deadline or self._asked > asked_before:
                break
            time.sleep(TICK / 4)
        self._show_rest()
        for child in self._children:
            child.kill()
        if self._services is not None:
            self._services.stop()
        say("run", "stopped")

    def _show_rest(self) -> None:
        for child in self._children:
            for line in child.read_lines():
                say(child.name, line)
