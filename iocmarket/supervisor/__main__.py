"""`python -m iocmarket.supervisor`: refuse early what cannot work, then run.

Exit codes: 0 stopped when asked, 1 the preparation or a service failed, 2 refused to start.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress

from iocmarket.embedded.locks import try_hold
from iocmarket.settings.env import PROJECT
from iocmarket.supervisor.console import say
from iocmarket.supervisor.instance import Instance
from iocmarket.supervisor.plan import PlanError, read_plan

REFUSED = 2


def port_is_free(port: int) -> bool:
    """Whether the web server will be able to listen, as far as one can know beforehand."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def main() -> int:
    """Check the plan, take the instance's lock and run it."""
    os.chdir(PROJECT)
    try:
        plan = read_plan()
    except PlanError as error:
        say("run", str(error))
        return REFUSED
    if not port_is_free(plan.port):
        say("run", f"port {plan.port} is in use: stop what listens there, or choose another one: make run PORT=8001")
        return REFUSED
    try:
        plan.data_dir.mkdir(parents=True, exist_ok=True)
        lock = try_hold(plan.data_dir / "supervisor.lock")
    except OSError as error:
        say("run", f"{plan.data_dir} cannot be used ({error.strerror}): choose another one: make run DATA_DIR=...")
        return REFUSED
    if lock is None:
        say("run", f"an instance already runs on {plan.data_dir}: choose another one: make run DATA_DIR=... PORT=...")
        return REFUSED
    return Instance(plan).run()


if __name__ == "__main__":
    sys.exit(main())
