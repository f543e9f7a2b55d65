"""What the person at the terminal reads: one line, one prefix, whoever wrote it."""

from __future__ import annotations

import os
import sys

WIDTH = 9  # characters of the longest name, "publisher"


def say(name: str, line: str) -> None:
    """Write one line. A terminal that went away silences the output and stops nothing."""
    write(f"{name:<{WIDTH}} | {line}\n")


def write(text: str) -> None:
    """Write text as it is, at once."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
