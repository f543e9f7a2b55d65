"""medallion, filled with plain indicators: `python medallion_server.py FOLDER PORT OBJECTS`. Prints the path to pull.

Runs where medallion is installed, and imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

COLLECTION = "5a1c1f3e-6a0b-4a57-9f0e-1f3f5c1d2e3b"
STIX, TAXII = "application/stix+json;version=2.1", "application/taxii+json;version=2.1"


def main() -> None:
    """Write what it reads at its start, say where, and become its own server."""
    folder, port, objects = Path(sys.argv[1]), sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
    manifest = [
        {"id": each["id"], "date_added": each["created"], "version": each["modified"], "media_type": STIX}
        for each in objects
    ]
    collection = {
        "id": COLLECTION,
        "title": "bench",
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
        "manifest": manifest,
        "objects": objects,
    }
    root = f"http://127.0.0.1:{port}/bench/"
    data = {
        "/discovery": {"title": "bench", "default": root, "api_roots": [root]},
        "bench": {
            "information": {"title": "bench", "versions": [TAXII], "max_content_length": 10**8},
            "status": [],
            "collections": [collection],
        },
    }
    (folder / "data.json").write_text(json.dumps(data))
    backend = {
        "module": "medallion.backends.memory_backend",
        "module_class": "MemoryBackend",
        "filename": str(folder / "data.json"),
    }
    settings = {"backend": backend, "users": {"bench": "bench"}, "taxii": {"max_page_size": 1000}}
    (folder / "medallion.json").write_text(json.dumps(settings))
    print(f"/bench/collections/{COLLECTION}/objects/", flush=True)
    program = Path(sys.executable).with_name("medallion")
    os.execv(program, [str(program), str(folder / "medallion.json"), "--port", port, "--log-level", "ERROR"])


if __name__ == "__main__":
    main()
