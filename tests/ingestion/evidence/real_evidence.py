"""An instance that takes evidence over the network, with its worker in a process of its own, for real tests."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.ingestion.evidence.test_expected import SHARED
from tests.sharing.taxii.instance import Instance, running

PATIENCE = 180.0
SWEEP = "from iocmarket.celery import app; app.send_task('evidence.sweep', queue='evidence')"
"""What the clock asks the worker once a minute."""


@dataclass
class Evidence:
    """Its client, and who looks at what it leaves."""

    instance: Instance
    secret: str
    group: int | None = None
    scout: str = field(default="", init=False)

    def __post_init__(self) -> None:
        told = json.loads((SHARED / "scout_PC-LABO-12.7z.EXPECTED.json").read_text())
        self.scout = told["archive"].get("password", "")

    @property
    def folder(self) -> Path:
        """The DATA_DIR."""
        return self.instance.folder

    @property
    def worker(self) -> int:
        """The process of the worker."""
        return self.instance.pid("evidence")

    def start_worker(self) -> None:
        """As `make run` does it."""
        self.instance.start("evidence", "manage.py", "evidence_worker", group=self.group)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, document, headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.instance.port, timeout=60)
        sent = {
            "Authorization": f"Bearer {self.secret}",
            **{name.replace("_", "-"): said for name, said in headers.items()},
        }
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(content) if is_json and content else content, dict(answer.getheaders())

    def page(self, path: str) -> int:
        """The status of a page."""
        return self.ask("GET", path)[0]

    def put(self, name: str, body: bytes, password: str = "") -> tuple[int, Any]:
        """One request with a whole archive."""
        more = {"X_Archive_Password": password} if password else {}
        path = f"/api/v1/evidence/archives/{name}"
        return self.ask(
            "PUT", path, body, Content_Type="application/octet-stream", Content_Length=str(len(body)), **more
        )[:2]

    def told(self, name: str) -> dict[str, Any]:
        """What the archive's own page says of it."""
        status, document, _headers = self.ask("GET", f"/api/v1/evidence/archives/{name}")
        assert status == 200, document
        found: dict[str, Any] = document
        return found

    def ended(self, name: str) -> dict[str, Any]:
        """The same, once the worker is done with it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.told(name)
            if found["state"] in {"done", "failed"}:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{found}\n{self.instance.log('evidence')[-3000:]}")

    def results(self, told: dict[str, Any]) -> list[Path]:
        """The folder of its records; none, if nothing was made of it."""
        return sorted((self.folder / "evidence" / "results").glob(f"*/*/{told['id']}"))

    def manifest(self, told: dict[str, Any]) -> dict[str, Any]:
        """What processing wrote of it."""
        (found,) = self.results(told)
        manifest: dict[str, Any] = json.loads((found / "manifest.json").read_text())
        return manifest

    def records(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        """All of its records."""
        (found,) = self.results(told)
        files = [path for path in found.glob("*.jsonl") if path.name != "errors.jsonl"]
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]

    def left_aside(self) -> list[Path]:
        """Drafts, and folders that were not put to their place."""
        evidence = self.folder / "evidence"
        drafts = evidence / "tmp"
        return [*(drafts.iterdir() if drafts.is_dir() else ()), *(evidence / "results").glob("*/.*.new")]


def children_of(pid: int) -> list[int]:
    """The processes of archives that a worker has started and that still run."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        started = [
            one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()
        ]
        found += (int(one) for one in started if b"evidence.process" in Path(f"/proc/{one}/cmdline").read_bytes())
    return found


def _sample_keys(folder: Path) -> None:
    """The pair that the samples are encrypted to, as if the worker had made it."""
    keys = SHARED / "keys"
    certificate = (keys / "platform.crt.pem").read_text()
    identity = next(line for line in (keys / "platform.age.key").read_text().split() if line.startswith("AGE-"))
    pair = {
        "fingerprint": x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA256()).hex(),
        "age": identity, "age_recipient": (keys / "platform.age.pub").read_text().split()[-1],
        "private_key": (keys / "platform.key.pem").read_text(), "certificate": certificate,
    }  # fmt: skip
    folder.mkdir(mode=0o700)
    (folder / "20261101.json").write_text(json.dumps(pair))


@contextmanager
def serving(*, group: int | None = None) -> Iterator[Evidence]:
    """An instance with its worker, gone without a trace afterwards."""
    with running(publishers=0) as instance:
        _sample_keys(instance.folder / "evidence-keys")
        secret = instance.community({"Lille": ["evidence:read", "evidence:write"]})["Lille"]
        found = Evidence(instance, secret, group)
        found.start_worker()
        deadline = time.monotonic() + PATIENCE
        while not instance.rows("SELECT 1 FROM evidence_platformkey"):
            assert time.monotonic() < deadline, instance.log("evidence")
            time.sleep(0.1)
        yield found
