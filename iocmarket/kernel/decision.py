"""Decisions that carry their reason, so that a page, an API answer and a test all say the same thing."""

from __future__ import annotations

from dataclasses import dataclass


class Refusal(Exception):  # noqa: N818 (the field's word; it is an outcome to show, not a fault of the program)
    """An input or an act that is refused, with a stable code and a sentence for the person who sent it.

    `code` is part of the API (lower_snake_case, never reused for another meaning); `detail` is English prose that may
    change; `where` points at the part of the input, as a JSON Pointer or a line number.
    """

    def __init__(self, code: str, detail: str, *, where: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.where = where


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why: truthy when allowed."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed
