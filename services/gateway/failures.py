"""How a failed GraphQL request looks: a code to switch on, and words that never quote a value.

What a mutation's owner refuses is data (`problems.py`); here is everything else.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

import strawberry
import structlog
from graphql import (
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    IntValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValidationRule,
    Visitor,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from services.gateway.context import Stopped
from shared import strict
from shared.errors import Problem, ValidationFailed

log = structlog.get_logger()


def shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """GraphQL's own form, with the code and the request id to quote."""
    code, message, more = _told(error)
    extensions = {"code": code, "request_id": request_id} | more
    return dict(error.formatted) | {"message": message, "extensions": extensions}


def _told(error: GraphQLError) -> tuple[str, str, dict[str, Any]]:
    cause = error.original_error
    if isinstance(cause, Stopped):
        more = {} if cause.retry_s is None else {"retry_after_s": cause.retry_s}
        return cause.code, str(cause), more
    if isinstance(cause, Problem):
        bad_input = isinstance(cause, ValidationFailed)
        code = "BAD_USER_INPUT" if bad_input else cause.slug.upper().replace("-", "_")
        faults = [vars(fault) for fault in cause.faults]
        return code, str(cause), {"errors": faults} if faults else {}
    if _is_ours(error):
        return "INTERNAL_SERVER_ERROR", f"{Problem.title()}.", {}
    if given := (error.extensions or {}).get("code"):
        return given, error.message, {}
    for code, pattern, message in _FORMS:
        if re.search(pattern, error.message):
            return code, (message or _A_SELECTION.sub("", error.message))[:200], {}
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED", "Syntax error.", {}
    return "GRAPHQL_VALIDATION_FAILED", "The document does not fit the schema.", {}


_A_VALUE = r'^Variable "\$\w+" got|^Variable \'\$\w+\' (has|got) |cannot represent|^Expected value'
_A_SELECTION = re.compile(r" Did you mean '\w+ { \.\.\. }'\?")
_FORMS = [
    ("TOKEN_LIMIT", r"^Syntax Error: Document contains more than", "Too many tokens."),
    ("DEPTH_LIMIT", r"^Syntax Error: Document is nested too deeply", "Nested too deeply."),
    ("BAD_USER_INPUT", r"^Variable .\$\w+. of .*was not provided", None),
    ("BAD_USER_INPUT", _A_VALUE, "A value does not fit its type."),
    # These name fields, types and arguments: words of the document, never values.
    ("GRAPHQL_VALIDATION_FAILED", r"^Cannot (query field|spread fragment) ['\"]\w+['\"] ", None),
    ("GRAPHQL_VALIDATION_FAILED", r"^Unknown (argument|type|fragment|directive) ", None),
    ("GRAPHQL_VALIDATION_FAILED", r"^(Argument|Field|Fragment|Variable) ['\"][$@.\w]+['\"] ", None),
]
"""(code, which of the library's messages, our words; None: its own are safe)."""


def _is_ours(error: GraphQLError) -> bool:
    """Raised by a resolver, or by the machinery around it: its text may tell what nobody should read."""
    cause = error.original_error
    if error.path is not None:
        return not isinstance(cause, Problem | Stopped)
    if cause is None or isinstance(cause, Stopped | GraphQLError):
        return False
    return re.search(_A_VALUE, error.message) is None


class Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Logs what is our fault; the rest is the caller's, and stays out of the log."""
        for error in errors:
            if _is_ours(error):
                log.error("a resolver failed", path=error.path, exc_info=error.original_error)


class SoundDocument(SchemaExtension):
    """Refuses what the limiters and the executor stumble over: no operation or several to choose
    from, and fragments that are not there."""

    def on_parse(self) -> Iterator[None]:
        yield
        document = self.execution_context.graphql_document
        if document is None:
            return
        kinds = (OperationDefinitionNode, FragmentDefinitionNode)
        operations, fragments = (
            [one.name.value if one.name else None for one in document.definitions if isinstance(one, kind)]
            for kind in kinds
        )
        asked = self.execution_context.context.operation_name
        if (operations.count(asked) if asked is not None else len(operations)) != 1:
            raise GraphQLError(
                "Name one of the document's operations in operationName."
                if operations
                else "The document holds no operation.",
                extensions={"code": "OPERATION_RESOLUTION_FAILURE"},
            )
        spreads = _Spreads()
        visit(document, spreads)
        if missing := spreads.names - set(fragments):
            raise GraphQLError(f"Unknown fragment '{min(missing)}'.")


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.names.add(node.name.value)


class StorableValues(ValidationRule):
    """Literals follow the same bounds as JSON (`shared/strict.py`)."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if code := strict.text_fault(node.value):
            self._refuse(node, strict.fault(code).detail)

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        if len(node.value) > strict.MAX_DIGITS or abs(int(node.value)) >= strict.INT8:
            self._refuse(node, "The number is out of range.")

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> None:
        if len(node.value) > strict.MAX_DIGITS or not math.isfinite(float(node.value)):
            self._refuse(node, "The number is out of range.")

    def _refuse(self, node: Any, words: str) -> None:
        self.report_error(GraphQLError(words, node, extensions={"code": "BAD_USER_INPUT"}))
