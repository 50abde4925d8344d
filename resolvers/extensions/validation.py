"""Validation with a bound on its work: the rule that compares fields of one name is quadratic in their number.

graphql-core's own bound lets a text of 6 KB hold the process for a second. This one is met after some hundredths of a
second and far above what the generated documents of large front-ends need.
"""

from typing import Any, Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from resolvers.extensions.refusals import VALIDATION_FAILED

# In the units of graphql-core, of which a comparison of two fields takes two.
COMPARISON_WORK_MAX: Final = 40_000
ERRORS_MAX: Final = 20


class BoundedComparisonRule(OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = COMPARISON_WORK_MAX


def faults_of(
    document: DocumentNode, schema: GraphQLSchema, rules: tuple[type[ASTValidationRule], ...]
) -> list[GraphQLError]:
    """What is wrong with a document by the given rules, without suggestions of names; empty when it is valid."""
    bounded: list[Any] = [BoundedComparisonRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in rules]
    errors = validate(
        schema,
        document,
        [*bounded, MaybeNullValidationRule, OneOfInputValidationRule],
        max_errors=ERRORS_MAX,
        hide_suggestions=True,
    )
    for error in errors:
        error.extensions = {"code": VALIDATION_FAILED, **(error.extensions or {})}
    return errors
