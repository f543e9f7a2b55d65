"""OpenTAXII, filled with plain indicators: `python opentaxii_server.py FOLDER PORT OBJECTS`. Prints the path to pull.

Runs where OpenTAXII and gunicorn are installed, and imports nothing of this project.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

CHUNK = 2000


def main() -> None:
    """Fill, say where, and become the server: gunicorn with as many processes and threads as ours."""
    folder, port, objects = Path(sys.argv[1]), sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
    database = {"class": "opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI", "parameters": _stored(folder / "data.db")}
    settings: dict[str, Any] = {
        "domain": f"127.0.0.1:{port}",
        "auth_api": {
            "class": "opentaxii.auth.sqldb.SQLDatabaseAPI",
            "parameters": {**_stored(folder / "auth.db"), "secret": "of nobody"},
        },
        "taxii1": None,
        "taxii2": {"persistence_api": database, "max_content_length": 10**8, "public_discovery": True},
        "logging": {"root": "warning", "opentaxii": "warning"},
    }
    written = folder / "opentaxii.yml"
    written.write_text(json.dumps(settings))  # JSON is YAML
    os.environ["OPENTAXII_CONFIG"] = str(written)
    server = importlib.import_module("opentaxii.http").server
    store = server.servers.taxii2.persistence
    root = store.api.add_api_root("bench", default=True, is_public=True)
    collection = store.api.add_collection(root.id, "bench", is_public=True)
    for start in range(0, len(objects), CHUNK):
        store.api.add_objects(root.id, collection.id, objects[start : start + CHUNK])
    print(f"/taxii2/{root.id}/collections/{collection.id}/objects/", flush=True)
    program = [
        "-m",
        "gunicorn",
        "opentaxii.http:app",
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        "--no-control-socket",
    ]
    os.execv(sys.executable, [sys.executable, *program, "--workers", "2", "--threads", "4"])


def _stored(path: Path) -> dict[str, Any]:
    return {"db_connection": f"sqlite:///{path}", "create_tables": True}


if __name__ == "__main__":
    main()
