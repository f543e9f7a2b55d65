"""Rules that every template keeps: the content security policy would break a page that does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=TEMPLATES, ids=ids)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def test_no_inline_style_script_or_handler(source: str) -> None:
    assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=\s*[\"']|javascript:", source, re.IGNORECASE)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)


def test_nothing_is_fetched_from_elsewhere(source: str) -> None:
    assert not re.search(r"(?:src|href|action|hx-[a-z]+)=[\"'](?:https?:)?//", source)


def test_every_icon_is_in_the_sprite(source: str) -> None:
    assert set(_icons(source)) <= _drawn()


def test_every_form_that_writes_carries_its_token(source: str) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source, re.DOTALL | re.IGNORECASE):
        assert "{% csrf_token %}" in form


def test_what_is_marked_safe_is_known() -> None:
    found = {ids(path) for path in TEMPLATES if re.search(r"\|\s*safe|autoescape off", path.read_text())}
    assert found == {"templates/components/field.html"}  # help texts are the program's own


def test_one_drawing_for_each_name() -> None:
    names = re.findall(r'<symbol id="(\w+)"', (ROOT / "static/img/icons.svg").read_text())
    assert len(names) == len(set(names))


def _icons(source: str) -> Iterator[str]:
    yield from re.findall(r"{% icon [\"'](\w+)[\"'] %}", source)


def _drawn() -> set[str]:
    return set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static/img/icons.svg").read_text()))


def test_places_use_drawn_icons() -> None:
    from iocmarket.web.navigation import navigation  # noqa: PLC0415

    assert {item.icon for item in navigation} <= _drawn()
