"""The production shape: valid by the compose specification, no default secret, no root, nothing unlocked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from iocmarket.settings.env import PROJECT, REQUIRED_IN_PRODUCTION

COMPOSE = PROJECT / "docker-compose.yml"
PROGRAMS = ("migrate", "web", "worker", "beat", "publisher", "sealer", "transfer")
DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def test_the_file_follows_the_compose_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_has_what_production_settings_require(name: str) -> None:
    assert set(REQUIRED_IN_PRODUCTION) <= set(services()[name]["environment"])


def test_a_missing_secret_stops_the_start_instead_of_taking_a_default() -> None:
    text = COMPOSE.read_text()
    for name in ("POSTGRES_PASSWORD", "SECRET_KEY", "INDICATOR_ID_KEY", "DOMAIN"):
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)
        assert uses, f"{name} is not used"
        assert all(use.startswith(":?") for use in uses), f"{name} has a default"


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_without_privileges(name: str) -> None:
    program = services()[name]
    assert program["cap_drop"] == ["ALL"]
    assert program["read_only"] is True
    assert "no-new-privileges:true" in program["security_opt"]
    assert "privileged" not in program


def test_databases_are_out_of_reach_from_outside() -> None:
    networks = yaml.safe_load(COMPOSE.read_text())["networks"]
    assert networks["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert services()[name]["networks"] == ["inside"]
        assert "ports" not in services()[name]
    assert [name for name, service in services().items() if "ports" in service] == ["transfer", "proxy"]


@pytest.mark.parametrize("name", ["postgres", "redis", "web", "worker", "beat", "publisher", "sealer", "transfer"])
def test_a_service_that_hangs_is_seen(name: str) -> None:
    assert services()[name]["healthcheck"]["test"][0] == "CMD"


def test_programs_wait_for_the_migrations() -> None:
    for name in ("web", "worker", "beat", "publisher", "sealer", "transfer"):
        assert services()[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_probes_are_programs_that_compile() -> None:
    for name in ("web", "worker", "beat", "publisher", "sealer", "transfer"):
        compile(services()[name]["healthcheck"]["test"][-1], name, "exec")


def test_the_image_installs_only_what_is_locked_and_does_not_run_as_root() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1] not in {"root", "0"}
    ignored = (PROJECT / ".dockerignore").read_text().split()
    assert {".git", ".env", "var", ".venv"} <= set(ignored)


@pytest.mark.parametrize("name", ["base", "dev"])
def test_the_lock_has_hashes_and_names_no_index(name: str) -> None:
    lines = (PROJECT / "requirements" / f"{name}.txt").read_text().splitlines()
    pinned = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z0-9]", line)]
    assert pinned
    for number in pinned:
        assert re.match(r"[\w.\[\],-]+==\S+( ; .+)? \\$", lines[number]), lines[number]
        assert lines[number + 1].strip().startswith("--hash=sha256:")
    assert not [line for line in lines if line.startswith(("--index", "--extra-index", "--find-links", "-i "))]
    assert not [line for line in lines if "://" in line]
