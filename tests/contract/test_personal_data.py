"""Every model that may hold something of a person stands in the table of retention, or here with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import EmailField, Field, GenericIPAddressField, Model
from django.utils import translation

from iocmarket.accounts.models import Member
from iocmarket.indicators.merging import belongings
from iocmarket.privacy.erasing import forgettings
from iocmarket.privacy.exporting import portions
from iocmarket.privacy.retention import markdown, retention

PERSONAL = {
    "email", "why", "comment", "description", "client", "user_agent", "ip", "address", "raw", "body", "input", "reason",
    "message", "contact", "phone", "value",
}  # fmt: skip
"""Names of columns under which people write about people, or machines about them."""

EXEMPT = {
    "accounts.Asset": "what an institution owns: domains, networks; the institution deletes it",
    "accounts.Institution": "the contact address of an organisation, kept as long as it is a member",
    "sso.FederationScope": "which institution a scope of a federation stands for: names of organisations",
    "listed.AddedList": "values of the community's choice; administrators take it out",
    "listed.Exemption": "a value and why no list counts for it, of the community; administrators take it out",
    "publication.Outbox": "numbers of what changed; gone within seconds",
}

NOT_TAKEN = {
    "evidence.Finding": "the institution's, with its archive; who judged it is a number",
    "evidence.Archive": "the institution's, in its export; who sent it is a number",
    "evidence.Case": "the institution's, in its export; who opened it is a number",
    "evidence.Upload": "an archive on its way, of the last day",
    "accounts.Asset": "the institution's, in its export",
    "accounts.Institution": "the institution's, in its export",
    "listed.AddedList": "the community's list; who added it is a number",
    "listed.Exemption": "the community's; who made it is a number",
    "mailbox.TakenMail": "a number that stands for a mail of the last month",
    "publication.Entry": "copies of statements, which are exported themselves",
    "sso.FederationScope": "names of organisations",
    "submissions.KeptAnswer": "answers to requests of the last day: what they say is in the other files",
    "submissions.SubmissionPart": "the lines of what is on its way: submission_lines holds them afterwards",
    "subscriptions.Subscription": "the institution's, in its export; who set it up is a number",
    "taxii.DepotObject": "machines' of the institution, in its export",
    "taxii.DepotStatus": "answers to machines of the last day",
    "vetting.Charter": "the community's text; who published it is a number",
}
"""What is in no export of a person, and why."""
NOT_ERASED = {
    "evidence.Finding": "the institution's evidence; who judged it is a number without a name",
    "evidence.Archive": "the institution's evidence; who sent it is a number without a name",
    "evidence.Case": "the institution's evidence; who opened it is a number without a name",
    "evidence.CustodyEntry": "the chain must hold; who it was is a number without a name",
    "evidence.Upload": "gone after a day; who began it is a number without a name",
    "accounts.Asset": "the institution's: what it owns",
    "accounts.Institution": "the institution's: an address of a team",
    "accounts.Token": "the institution's key; who made it is a number without a name",
    "indicators.Indicator": "a value, of nobody: it goes with the last statement on it",
    "listed.AddedList": "the community's list; who added it is a number",
    "listed.Exemption": "the community's; who made it is a number without a name",
    "publication.Entry": "names institutions and no person",
    "sso.FederationScope": "names of organisations",
    "submissions.KeptAnswer": "gone after a day",
    "subscriptions.Subscription": "the institution's; who set it up is a number without a name",
    "taxii.DepotObject": "the institution's; a machine wrote it",
    "taxii.DepotStatus": "gone after a day",
    "vetting.Acceptance": "that one of its people accepted binds the institution; who it was is a number",
    "vetting.Charter": "the community's text; who published it is a number",
}
"""Out of what a person is not taken, and why."""
NOT_TAKEN_BY_INSTITUTIONS = {
    "evidence.Followed": "a memory of what was read",
    "feeds.FeedState": "a memory of what was read",
    "indicators.Alert": "follows from statements",
    "indicators.Settlement": "how far a parting has come; its statements are exported",
    "misp.MovedFor": "a memory of what was read",
    "misp.WrittenAttribute": "what a MISP client called a statement, which is exported",
    "misp.WrittenEvent": "what a MISP client called a report, which is exported",
    "privacy.Erasure": "begins when nobody can export any more",
    "publication.View": "copies of statements",
    "sso.FederationScope": "the platform's: how a federation names it",
    "submissions.KeptAnswer": "answers of the last day",
    "taxii.DepotStatus": "answers of the last day",
}
"""What is in no export of an institution, and why."""


def holds_something_of_a_person(model: type[Model]) -> bool:
    """By what its columns are."""
    return any(map(_is_personal, model._meta.concrete_fields))


def _is_personal(column: Field[object, object]) -> bool:
    if column.is_relation:
        return column.related_model is Member
    return isinstance(column, EmailField | GenericIPAddressField) or column.name in PERSONAL


def found() -> set[str]:
    """Labels of all such models, of every app."""
    return {model._meta.label for model in apps.get_models() if holds_something_of_a_person(model)}


def test_every_model_with_personal_data_has_a_retention_or_a_reason() -> None:
    assert found() - retention.models() - set(EXEMPT) == set()


def test_what_is_exempt_or_in_the_table_exists() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert set(EXEMPT) | retention.models() <= known
    assert not set(EXEMPT) & retention.models()


def test_a_person_takes_along_what_is_of_the_person_or_a_reason_stands_here() -> None:
    assert found() - portions.of_persons() == set(NOT_TAKEN)


def test_a_person_is_taken_out_of_every_model_or_a_reason_stands_here() -> None:
    assert found() - forgettings.models() == set(NOT_ERASED)


def test_an_institution_takes_along_what_belongs_to_it_or_a_reason_stands_here() -> None:
    owned = {model._meta.label for model, _key in belongings()}
    assert owned - portions.of_institutions() == set(NOT_TAKEN_BY_INSTITUTIONS)


@pytest.mark.parametrize("label", ["accounts.Member", "accounts.Invitation", "audit.Event", "indicators.Contribution"])
def test_the_search_finds_what_it_must(label: str) -> None:
    assert label in found()


def test_the_document_holds_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    with translation.override("en"):
        assert markdown() in text, "docs/privacy.md: put in what `manage.py purge --table` prints"
