"""What one GraphQL operation may ask for. Refused before anything runs, whatever its text looks like."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.extensions import SchemaExtension

from services.gateway.measure import Size, size_of
from shared.auth import Actor, check
from shared.errors import Forbidden, InsufficientScope

MAX_DEPTH, MAX_ALIASES, MAX_TOKENS = 8, 15, 1000
MAX_COST, MAX_MUTATIONS, MAX_REPEATS = 1000, 5, 20


_ELSEWHERE = "Subscriptions are answered over a WebSocket or as text/event-stream, all else by plain POST."


class WithinLimits(SchemaExtension):
    """Measures the operation that will run. The library's own limiters walk into every use of a fragment:
    thirty that each use the next one twice would keep them busy for hours."""

    def on_parse(self) -> Iterator[None]:
        yield
        document = self.execution_context.graphql_document
        if document is None:
            return
        context = self.execution_context.context
        context.document = document
        (operation,) = (
            one
            for one in document.definitions
            if isinstance(one, OperationDefinitionNode)
            and context.operation_name in (None, one.name.value if one.name else None)
        )  # SoundDocument has seen to it that there is one
        if operation.operation not in context.takes:
            raise GraphQLError(_ELSEWHERE, extensions={"code": "OPERATION_NOT_TAKEN_HERE"})
        schema = self.execution_context.schema._schema
        size = size_of(document, operation, self.execution_context.variables or {}, schema)
        is_mutation = operation.operation is OperationType.MUTATION
        if broken := _broken(size, is_mutation, _may_introspect(context.actor)):
            code, words = broken
            raise GraphQLError(words, extensions={"code": code})


def is_within(size: Size) -> bool:
    """Whether a query of this size, which does not ask for the schema, may run."""
    return not size.introspects and _broken(size, is_mutation=False, may_introspect=False) is None


def _may_introspect(actor: Actor) -> bool:
    try:
        check(actor, "schema.read")
    except (Forbidden, InsufficientScope):
        return False
    return True


def _broken(size: Size, is_mutation: bool, may_introspect: bool) -> tuple[str, str] | None:
    """(code, words) of the first limit that it breaks."""
    if size.depth > MAX_DEPTH:
        return "DEPTH_LIMIT", f"Nested {size.depth} deep, at most {MAX_DEPTH}."
    if size.introspects and not may_introspect:
        return (
            "INTROSPECTION_DISABLED",
            "The schema is told to administrators only; its text is in the repository.",
        )
    if size.aliases > MAX_ALIASES:
        return "ALIAS_LIMIT", f"{MAX_ALIASES} aliases at most."
    if is_mutation and sum(size.names.values()) > MAX_MUTATIONS:
        return "MUTATION_LIMIT", f"{MAX_MUTATIONS} mutations at most in one request."
    if size.cost > MAX_COST:
        return "COST_LIMIT", f"{MAX_COST} points at most. Ask for fewer things at once: smaller pages."
    if size.repeats > MAX_REPEATS:
        return "COST_LIMIT", f"The same field stands in one place {MAX_REPEATS} times at most."
    return None
