"""The whole GraphQL schema: one topic a noun, put together here. `schema.graphql` is its text."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    MaskErrors,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig

from services.gateway.topics.appeals import AppealsMutation, AppealsQuery
from services.gateway.topics.audits import AuditsMutation, AuditsQuery
from services.gateway.topics.metrics import MetricsQuery
from services.gateway.topics.people import PeopleQuery
from services.gateway.topics.tickets import TicketsQuery
from shared.errors import Problem

MAX_DEPTH, MAX_ALIASES, MAX_TOKENS = 8, 15, 1000


@strawberry.type(description="Reads: one consistent snapshot for each request.")
class Query(PeopleQuery, TicketsQuery, AuditsQuery, AppealsQuery, MetricsQuery):
    pass


@strawberry.type(description="Commands: each goes to the service that owns the rule.")
class Mutation(AuditsMutation, AppealsMutation):
    pass


def is_unforeseen(error: GraphQLError) -> bool:
    """Errors of ours, whose text may tell what nobody should read."""
    return error.original_error is not None and not isinstance(error.original_error, Problem)


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(disable_field_suggestions=True),
    extensions=[
        lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
        lambda: MaxAliasesLimiter(max_alias_count=MAX_ALIASES),
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: MaskErrors(
            should_mask_error=is_unforeseen, error_message="Something went wrong on our side"
        ),
        ParserCache,
        ValidationCache,
    ],
)
