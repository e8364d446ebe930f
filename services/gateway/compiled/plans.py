"""Which documents have a statement, and asking it. A document is compiled when the executor has answered it
once: so it is sound, and within the limits."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_variable_values

from services.gateway.compiled.statements import Asked, NotCompiled, Statement, compile_operation
from services.gateway.context import MAX_THINGS, Context
from services.gateway.limits import cost_within
from services.gateway.measure import size_of
from services.gateway.paging import OLDEST_FIRST, question_of
from services.gateway.schema import schema
from shared.auth import check
from shared.db import DRIVER_ERRORS, Fetch
from shared.errors import Forbidden, InsufficientScope, ValidationFailed
from shared.ids import new_id
from shared.paging import MAX_PAGE

MAX_DOCUMENTS = 200
MAX_KINDS = 8
"""Of one document, so many statements at most: for each set of variables that are null, and of fields that
are skipped."""
_MARK = re.compile(r"~([0-9a-f]{32}):(\d+):([0-9a-f-]{36})")


@dataclass
class Known:
    """A document that the executor has answered, with the statements made of it."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    deciding: frozenset[str]
    """The variables of @skip, @include and `order`: what they say is part of the statement."""
    statements: dict[object, Statement | None] = field(default_factory=dict)
    costs: dict[object, int | None] = field(default_factory=dict)
    """By the numbers among the variables; None: more than may run."""


class Plans:
    """By the document's text and the operation's name; what was not asked for longest is forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str | None], Known | None] = OrderedDict()

    def learn(self, text: str, name: str | None, document: DocumentNode | None) -> None:
        """It was answered by the executor."""
        if document is not None and (text, name) not in self._known:
            self._known[text, name] = _known(document, name)
            if len(self._known) > MAX_DOCUMENTS:
                self._known.popitem(last=False)

    def knows(self, text: str, name: str | None) -> bool:
        """Whether there may be a statement for it."""
        return self._known.get((text, name)) is not None

    async def answer(
        self, context: Context, text: str, name: str | None, variables: Mapping[str, Any] | None
    ) -> str | None:
        """The data as JSON text; None: for the executor, which also says what is wrong.

        Raises Unauthenticated (401), Stopped where it takes too long or the caller's budget is used up.
        """
        known = self._known.get((text, name))
        if known is None:
            return None
        self._known.move_to_end((text, name))
        given = get_variable_values(
            schema._schema, known.operation.variable_definitions or (), dict(variables or {})
        )
        if isinstance(given, list):
            return None
        try:
            statement = _statement(known, given)
            cost = None if statement is None else _cost(known, variables or {})
            if statement is None or cost is None:
                return None
            async with context.in_time(), context.reading() as fetch:
                for permission in statement.permissions:
                    check(context.actor, permission)
                context.charge(cost)
                values = [_values(context, one, given) for one in statement.asked]
                return await _ask(context, fetch, statement, values)
        except (Forbidden, InsufficientScope, ValidationFailed, GraphQLError, *DRIVER_ERRORS):
            return None


def _known(document: DocumentNode, name: str | None) -> Known | None:
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    (operation,) = (one for one in operations if name is None or (one.name and one.name.value == name))
    if operation.operation is not OperationType.QUERY:
        return None
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    deciding = _Deciding()
    visit(document, deciding)
    return Known(document, operation, fragments, frozenset(deciding.names))


class _Deciding(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        for argument in node.arguments or ():
            self._add(argument)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value == "order":
            self._add(node)

    def _add(self, argument: ArgumentNode) -> None:
        if isinstance(argument.value, VariableNode):
            self.names.add(argument.value.name.value)


def _statement(known: Known, given: VariableValues) -> Statement | None:
    values = given.coerced
    kind = (
        tuple((name, values.get(name)) for name in sorted(known.deciding)),
        frozenset(name for name, value in values.items() if value is None)
        | frozenset(
            one.variable.name.value
            for one in known.operation.variable_definitions or ()
            if one.variable.name.value not in values
        ),
    )
    if kind not in known.statements:
        if len(known.statements) >= MAX_KINDS:
            return None
        try:
            made = compile_operation(schema._schema, known.fragments, known.operation, given)
        except NotCompiled:
            known.statements[kind] = None
        else:
            known.statements[kind] = made
    return known.statements[kind]


def _cost(known: Known, variables: Mapping[str, Any]) -> int | None:
    """Only the sizes of pages can differ from one request to the next."""
    sizes = tuple(sorted((name, value) for name, value in variables.items() if type(value) is int))
    if sizes not in known.costs:
        if len(known.costs) >= MAX_KINDS * MAX_PAGE:
            known.costs.clear()
        size = size_of(known.document, known.operation, variables, schema._schema)
        known.costs[sizes] = cost_within(size)
    return known.costs[sizes]


# ---- Asking -----------------------------------------------------------------------------------------------


def _values(context: Context, asked: Asked, given: VariableValues) -> dict[str, Any]:
    """Argument → its value. Raises ValidationFailed for a page size or a cursor that is none."""
    values = {**asked.constants, **{name: given.coerced[one] for name, one in asked.variables.items()}}
    if asked.root.newest:
        if not 1 <= values["first"] <= MAX_PAGE:
            raise ValidationFailed
        if "after" in values:
            values["after"] = context.cursors(_question(context, asked, values)).read(values["after"])
    return values


def _question(context: Context, asked: Asked, values: Mapping[str, Any]) -> str:
    filters = {name: values[name] for name in asked.root.filters if name in values}
    if asked.is_oldest_first:
        filters |= OLDEST_FIRST
    return question_of(context, asked.name, filters)


async def _ask(
    context: Context, fetch: Fetch, statement: Statement, values: list[dict[str, Any]]
) -> str | None:
    nonce = new_id().hex
    parameters = [f"~{nonce}"]
    for asked, given in zip(statement.asked, values, strict=True):
        parameters += [given[name] for name in asked.numbers]
    # Each role has plans of its own, because its policies are part of them: so it has a text of its own.
    ((text, _),) = await fetch(f"{statement.sql} -- {context.actor.role}", *parameters)
    if text.count("{") > MAX_THINGS:
        return None  # perhaps too many: the executor counts

    def signed(mark: re.Match[str]) -> str:
        place = int(mark[2])
        if mark[1] != nonce:
            return mark[0]
        question = _question(context, statement.asked[place], values[place])
        return context.cursors(question).write(UUID(mark[3]))

    return _MARK.sub(signed, text) if nonce in text else str(text)
