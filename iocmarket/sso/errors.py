"""An answer of a provider that is not taken."""

from __future__ import annotations


class NotTaken(Exception):  # noqa: N818 (an answer that is refused, not a fault of the program)
    """`code` says why, for the log and for tests; the person reads one sentence for all of them.

    Neither carries anything that the answer said: who sent it is not known.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
