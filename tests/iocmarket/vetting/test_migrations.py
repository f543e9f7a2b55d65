"""What the migrations of vetting do to what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrated_to(*targets: tuple[str, str]) -> Any:
    """The database as it stood at those migrations; the registry of the models of that time."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


@pytest.fixture
def back(transactional_db: None) -> Iterator[None]:
    """At the end, all migrations again."""
    del transactional_db
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.usefixtures("back")
def test_the_language_of_an_application_becomes_that_of_the_person() -> None:
    before = migrated_to(("accounts", "0011_member_language"), ("vetting", "0001_initial"))
    members, applications = (
        before.get_model("accounts", "Member").objects,
        before.get_model("vetting", "Application").objects,
    )
    for name, said, learnt in (("a", "en", ""), ("b", "fr", ""), ("c", "fr", "en"), ("d", "", "")):
        member = members.create(email=f"{name}@example.org", language=learnt)
        if said:
            applications.create(member=member, institution_name="Lumen", language=said)
    after = migrated_to(("vetting", "0002_language_of_the_person"))
    kept = after.get_model("accounts", "Member").objects.order_by("email").values_list("language", flat=True)
    assert list(kept) == ["en", "fr", "en", ""]
