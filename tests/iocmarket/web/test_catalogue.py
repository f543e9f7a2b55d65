"""Catalogues: found in the source, written, read back, compiled for gettext."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.web.catalogue import extract, mo, po
from iocmarket.web.catalogue.message import Message
from iocmarket.web.management.commands import check_catalogues

HEADER = "Language: fr\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n > 1);\n"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x04"), min_size=1)


def catalogue_of(*messages: Message) -> po.Catalogue:
    return po.Catalogue(HEADER, {message.key: message for message in messages})


@given(st.lists(st.builds(Message, TEXTS, strings=st.lists(TEXTS, min_size=1, max_size=1)), unique_by=lambda m: m.id))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, messages: list[Message]) -> None:
    path = tmp_path_factory.mktemp("po") / "fr.po"
    po.write(path, catalogue_of(*messages))
    found = po.read(path)
    assert {m.id: m.strings for m in found.messages.values()} == {m.id: m.strings for m in messages}
    assert found.header == HEADER


def test_gettext_reads_what_is_compiled() -> None:
    catalogue = catalogue_of(
        Message("Share", strings=["Partager"]),
        Message("%(n)s line", "%(n)s lines", strings=["%(n)s ligne", "%(n)s lignes"]),
        Message("Left", context="direction", strings=["Gauche"]),
        Message("Untranslated", strings=[""]),
    )
    french = gettext.GNUTranslations(io.BytesIO(mo.compiled(catalogue)))
    assert french.gettext("Share") == "Partager"
    lines = [french.ngettext("%(n)s line", "%(n)s lines", n) for n in (0, 1, 2)]
    assert lines == ["%(n)s ligne", "%(n)s ligne", "%(n)s lignes"]
    assert french.pgettext("direction", "Left") == "Gauche"
    assert french.gettext("Left") == "Left"
    assert french.gettext("Untranslated") == "Untranslated"


@pytest.mark.parametrize(
    ("message", "troubles"),
    [
        (Message("Share", strings=["Partager"]), []),
        (Message("Share", strings=[""]), ["not translated"]),
        (Message("%(n)s of %(m)s", strings=["%(n)s"]), ["loses %(m)s"]),
        (Message("Share", strings=["%(n)s"]), ["invents %(n)s"]),
        (Message("%(n)s line", "%(n)s lines", strings=["%(n)s ligne"]), ["not translated"]),
        (Message("%(n)s line", "%(n)s lines", strings=["une ligne", "%(n)s lignes"]), []),
    ],
)
def test_a_translation_keeps_what_the_program_fills_in(message: Message, troubles: list[str]) -> None:
    assert message.troubles(forms=2) == troubles


def test_texts_are_found_in_python() -> None:
    source = (
        '_("one")\ngettext_lazy("two " "words")\nngettext("a", "b", n)\npgettext("ctx", "c")\n_(variable)\n'
        '"""_("a docstring is no call")"""\nother("no")\n'
    )
    found = {(m.context, m.id, m.plural) for m in extract.in_python(source)}
    assert found == {(None, "one", ""), (None, "two words", ""), (None, "a", "b"), ("ctx", "c", "")}


def test_texts_are_found_in_templates() -> None:
    source = (
        '{% translate "one" %}{% translate "ctx text" context "ctx" %}{% x y=_("two") %}'
        "{% blocktranslate count n=n trimmed %}\n{{ n }} line\n{% plural %}\n{{ n }} lines\n{% endblocktranslate %}"
        "{% comment %}{% translate 'no' %}{% endcomment %}<p>gettext('no')</p>"
    )
    found = {(m.context, m.id, m.plural) for m in extract.in_template(source)}
    assert found == {
        (None, "one", ""),
        ("ctx", "ctx text", ""),
        (None, "two", ""),
        (None, "%(n)s line", "%(n)s lines"),
    }


def test_what_is_missing_or_no_longer_used_is_named() -> None:
    wanted = {m.key: m for m in [Message("new"), Message("known")]}
    catalogue = catalogue_of(Message("known", strings=["connu"]), Message("old", strings=["ancien"]))
    lines = check_catalogues.troubles_of(wanted, catalogue)
    assert [line.split(" ")[0] for line in lines] == ["'new'", "'old':"]


def test_merging_keeps_known_translations() -> None:
    wanted = {m.key: m for m in [Message("new"), Message("known")]}
    catalogue = catalogue_of(Message("known", strings=["connu"]), Message("old", strings=["ancien"]))
    merged = check_catalogues.merged(wanted, catalogue)
    assert {m.id: m.strings for m in merged.values()} == {"new": [], "known": ["connu"]}


@pytest.mark.parametrize(
    "text", ['msgid "open', 'msgid "a"\nmsgstr "b"\nnonsense', 'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"']
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.po"
    path.write_text(text)
    with pytest.raises(po.UnreadableCatalogueError, match=r"broken\.po:\d+"):
        po.read(path)


def test_fuzzy_translations_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text('#, fuzzy\nmsgid "a"\nmsgstr "b"\n')
    assert po.read(path).messages["", "a"].strings == []


def test_the_commands_compile_and_check(tmp_path: Path, settings: object) -> None:
    folder = tmp_path / "fr" / "LC_MESSAGES"
    po.write(folder / "django.po", catalogue_of(Message("Share", strings=["Partager"])))
    settings.LOCALE_PATHS = [tmp_path]  # type: ignore[attr-defined]
    call_command("compile_catalogues", verbosity=0)
    with (folder / "django.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Share") == "Partager"
    with pytest.raises(CommandError, match="not in the catalogue"):
        call_command("check_catalogues")


def test_our_own_catalogue_can_be_read() -> None:
    path = Path(settings.LOCALE_PATHS[0]) / "fr" / "LC_MESSAGES" / "django.po"
    assert po.read(path).forms == 2


def test_french_is_written_as_french_is_printed() -> None:
    """No-break spaces before `; : ! ? »` and after `«`, and typographic apostrophes (Imprimerie nationale)."""
    path = Path(settings.LOCALE_PATHS[0]) / "fr" / "LC_MESSAGES" / "django.po"
    texts = [text for message in po.read(path).messages.values() for text in message.strings]
    assert [text for text in texts if re.search(r"[ \u202f](?:[;!?»]|:(?!\S))|« |\w'\w", text)] == []
