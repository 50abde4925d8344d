"""Guarantee: no text of an unexpected exception reaches a client; its id does, and is reported."""

from graphql import GraphQLError

from resolvers.extensions.faults import REPORTED_PER_ANSWER_MAX, FaultMask
from tests.graphql.edge.conftest import FakeReport
from tests.graphql.edge.market import SECRET, translate
from tests.graphql.edge.server import Served


def test_an_unexpected_exception_becomes_an_id(served: Served, report: FakeReport) -> None:
    answer = served.ask("{ hello fail }")
    error = answer["errors"][0]

    assert SECRET not in str(answer)
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["path"] == ["fail"]
    assert error["locations"] == [{"line": 1, "column": 9}]
    reported = report.faults[error["extensions"]["faultId"]]
    assert isinstance(reported, ConnectionError)
    assert str(reported) == SECRET
    assert reported.__traceback__ is not None


def test_an_expected_error_keeps_its_message_and_code(served: Served, report: FakeReport) -> None:
    before = len(report.faults)
    error = served.ask("{ refuse }")["errors"][0]

    assert error["message"] == "You are not signed in."
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert len(report.faults) == before


def test_a_known_exception_is_translated_where_it_happened(served: Served, report: FakeReport) -> None:
    before = len(report.faults)
    error = served.ask("{ busy }")["errors"][0]

    assert (error["message"], error["path"]) == ("Try again.", ["busy"])
    assert error["extensions"] == {"code": "BUSY"}
    assert len(report.faults) == before


def test_a_value_that_cannot_be_sent_is_a_fault(served: Served, report: FakeReport) -> None:
    response = served.post({"query": "{ big }"})

    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["faultId"] in report.faults


def test_one_answer_is_one_fault_reported_a_few_times(served: Served, report: FakeReport) -> None:
    before = len(report.faults)
    answer = served.ask("{ listings(first: 100) { nodes { broken } } }")

    assert len(answer["errors"]) == 100
    assert len({error["extensions"]["faultId"] for error in answer["errors"]}) == 1
    assert len(report.faults) == before + 1


def test_reports_of_one_answer_are_bounded() -> None:
    reported: list[str] = []
    mask = FaultMask(lambda fault_id, error: reported.append(fault_id), translate)
    errors = [GraphQLError("x", original_error=ValueError(SECRET)) for _ in range(100)]

    assert all(SECRET not in error.message for error in mask.mask(errors))
    assert len(reported) == REPORTED_PER_ANSWER_MAX
