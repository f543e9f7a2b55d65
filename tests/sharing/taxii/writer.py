"""One writing machine of the race: `python -m tests.sharing.taxii.writer URL TOKEN NUMBER SECONDS`.

Half of each batch are values that only this writer sends, half are values that all writers send, so that versions are
made of what several institutions say at once. Prints the values that were accepted or refreshed, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import time

from tests.sharing.taxii.instance import submit

BATCH = 20
SHARED = 400


def main(url: str, secret: str, number: int, seconds: float) -> list[str]:
    """Submit until the time is over; the values that were kept."""
    draw, kept, sent = random.Random(number), set[str](), 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        own = [f"45.{100 + number}.{(sent + k) >> 8 & 255}.{(sent + k) & 255}" for k in range(BATCH // 2)]
        sent += len(own)
        common = [f"46.1.{k >> 8}.{k & 255}" for k in draw.sample(range(SHARED), BATCH // 2)]
        defaults = {
            "confidence": draw.randrange(101),
            "threat_type": draw.choice(["scan", "phishing", "c2"]),
            # One batch in four leaves the views of narrower ceilings, also what others see there of the same values.
            "tlp": draw.choice(["AMBER", "AMBER", "AMBER", "AMBER+STRICT"]),
        }
        answer = submit(url, secret, {"indicators": own + common, "defaults": defaults})
        assert answer["counts"]["refused"] == 0, answer
        kept.update(own + common)
    return sorted(kept)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
