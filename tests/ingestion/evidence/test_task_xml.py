"""Scheduled tasks: read in any encoding, refused with a reason when they are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.evidence.task_xml import Run, Task, decoded, parse, read

XML = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
 <RegistrationInfo><Date>2026-10-30T02:11:09</Date>
  <Author>UNIV\\svc_deploy</Author><URI>\\Mise à jour</URI></RegistrationInfo>
 <Triggers><CalendarTrigger/><LogonTrigger/></Triggers>
 <Principals><Principal id="Author">
  <UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
 <Settings><Hidden>true</Hidden><Enabled>false</Enabled></Settings>
 <Actions><Exec><Command>C:\\a.exe</Command><Arguments>--silent</Arguments></Exec>
  <ComHandler><ClassId>{0}</ClassId><Data>x</Data></ComHandler></Actions>
</Task>"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be-bom", "utf-8", "utf-8-sig"])
def test_a_task_is_read_in_every_encoding(encoding: str) -> None:
    content = b"\xfe\xff" + XML.encode("utf-16-be") if encoding == "utf-16-be-bom" else XML.encode(encoding)
    assert parse(decoded(content)) == Task(
        uri="\\Mise à jour", author="UNIV\\svc_deploy", date="2026-10-30T02:11:09", user="S-1-5-18",
        run_level="HighestAvailable", hidden=True, enabled=False, triggers=("CalendarTrigger", "LogonTrigger"),
        runs=(Run("C:\\a.exe", "--silent"), Run("{0}", "x")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not well-formed"),
        ("<Task><Actions>", "not well-formed"),
        ("<Other/>", "no task"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><Task>&a;</Task>', "entities"),
        ("<Task>" + " " * 5_000_000 + "</Task>", "too long"),
    ],
    ids=["empty", "cut off", "another", "entities", "huge"],
)
def test_what_is_no_task_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)
    assert read(text) == Task()


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, len(XML)), put=st.text(max_size=12))
def test_no_damage_raises_anything_else(at: int, put: str) -> None:
    read(decoded((XML[:at] + put + XML[at + 3 :]).encode("utf-16", "surrogatepass")))
