"""docs/reference says what the code says: `make docs` brings it in step."""

from app.reference.entities import tables_by_noun
from app.reference.errors import ADVICE, errors
from app.reference.events import events_document
from app.reference.states import machines, picture
from app.reference.writing import drifted
from infra.postgres.metadata import METADATA
from resolvers.shared.error_codes import meaning


def test_the_documents_on_disk_are_true() -> None:
    assert drifted() == [], "run `make docs`"


def test_every_table_is_drawn_once() -> None:
    drawn = [name for tables in tables_by_noun().values() for name in tables]
    assert sorted(drawn) == sorted(METADATA.tables)


def test_every_machine_is_drawn_with_all_its_states() -> None:
    nouns = [machine.noun for machine in machines()]
    assert {"order", "checkout", "listing", "seller"} <= set(nouns)
    assert len(nouns) == len(set(nouns))
    for machine in machines():
        drawn = "\n".join(picture(machine))
        assert all(step.source.name in drawn and step.target.name in drawn for step in machine.steps)


def test_every_error_has_a_meaning_and_advice_is_for_errors_that_there_are() -> None:
    assert [each.code for each in errors() if not meaning(each)] == []
    assert ADVICE.keys() - {each.code for each in errors()} == set()


def test_events_name_their_jobs() -> None:
    assert "`execute_refund` (money)" in events_document()
