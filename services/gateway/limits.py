"""What one GraphQL operation may ask for. Refused before anything runs, whatever its text looks like."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from services.gateway.context import Context
from services.gateway.measure import Size, size_of
from shared.auth import check
from shared.errors import Forbidden, InsufficientScope
from shared.fair_shares import MAX_CALLERS, Caller, Standing

MAX_DEPTH, MAX_ALIASES, MAX_DIRECTIVES, MAX_TOKENS = 8, 15, 20, 1000
MAX_COST, MAX_MUTATIONS, MAX_REPEATS = 1000, 5, 20
MAX_BODY_BYTES, MAX_VALUES = 65_536, 2_000
"""Of a request: its JSON, and how many values are in that. The largest review fits in many times."""
MAX_ERRORS, MAX_SOUND = 50, 128


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
        context.cost = size.cost
        is_mutation = operation.operation is OperationType.MUTATION
        if broken := _broken(size, is_mutation, _may_introspect(context)):
            code, words = broken
            raise GraphQLError(words, extensions={"code": code})
        context.charge(size.cost)


class Checked(SchemaExtension):
    """Reads and validates, as far as the fiftieth error. What is sound is kept, so that it is done once; what
    is not, is not: whoever sends harm would decide what the memory holds. The names nearest to a wrong one
    would tell the schema to who guesses, and finding them takes longer than all else."""

    def on_parse(self) -> Iterator[None]:
        if sound := _SOUND.get(self.execution_context.query or ""):
            self.execution_context.graphql_document = sound
        yield

    def on_validate(self) -> Iterator[None]:
        asked, context = self.execution_context, self.execution_context.context
        text, document = asked.query or "", asked.graphql_document
        assert document is not None, "it was read"
        if _SOUND.get(text) is document:
            _SOUND.move_to_end(text)
            asked.pre_execution_errors = []
        else:
            suggests = context.request.app.state.settings.graphql_suggestions and _may_introspect(context)
            rules = (*asked.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule)
            errors = validate(asked.schema._schema, document, rules, MAX_ERRORS, not suggests)
            asked.pre_execution_errors = errors[:MAX_ERRORS]
            if not errors:
                _SOUND[text] = document
                if len(_SOUND) > MAX_SOUND:
                    _SOUND.popitem(last=False)
        yield


_SOUND: OrderedDict[str, DocumentNode] = OrderedDict()
"""By text: there is one schema."""


class Budgets:
    """What the operations of each caller may cost together: points a minute, whatever token they come with.
    Counted in this process's memory."""

    def __init__(self, a_minute: int) -> None:
        """0: no limit."""
        self._a_minute = a_minute
        self._callers: OrderedDict[UUID, Caller] = OrderedDict()
        self._now: Callable[[], float] = time.monotonic

    def take(self, who: UUID, cost: int) -> Standing | None:
        """None: as much as they like."""
        if not self._a_minute:
            return None
        caller = self._callers.setdefault(who, Caller(None, 0))
        self._callers.move_to_end(who)
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        return caller.take("graphql", self._a_minute, self._now(), cost)


def cost_within(size: Size) -> int | None:
    """What a query of this size costs, which does not ask for the schema; None: it may not run."""
    broken = size.introspects or _broken(size, is_mutation=False, may_introspect=False)
    return None if broken else size.cost


def _may_introspect(context: Context) -> bool:
    told: str = context.request.app.state.settings.graphql_introspection
    if told != "admins":
        return told == "everyone"
    try:
        check(context.actor, "schema.read")
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
            "The schema is not told here; its text is in the repository.",
        )
    if size.aliases > MAX_ALIASES:
        return "ALIAS_LIMIT", f"{MAX_ALIASES} aliases at most."
    if size.directives > MAX_DIRECTIVES:
        return "DIRECTIVE_LIMIT", f"{MAX_DIRECTIVES} directives at most."
    if is_mutation and sum(size.names.values()) > MAX_MUTATIONS:
        return "MUTATION_LIMIT", f"{MAX_MUTATIONS} mutations at most in one request."
    if size.cost > MAX_COST:
        return "COST_LIMIT", f"{MAX_COST} points at most. Ask for fewer things at once: smaller pages."
    if size.repeats > MAX_REPEATS:
        return "COST_LIMIT", f"The same field stands in one place {MAX_REPEATS} times at most."
    return None
