"""How large a GraphQL operation is, before any of it runs. Pure: the document, its variables, the schema."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

PAGE, MAX_PAGE = 20, 100
"""What `first` is where nobody says it, and at most."""
EXPECTED, MESSAGES = 3, 20
"""How much a nested list is expected to hold. What it really holds is counted as it is read."""
THINGS_A_POINT, POINTS_A_METRIC = 10, 20
"""Ten objects cost as much as one field of the document; a metric is a question to another service."""
ASKED_ELSEWHERE = {
    "alignment", "calibration", "calibrationAgreement", "calibrationRatings", "calibrationTrend",
    "claimPolicy", "connectionHealth", "criterionReport", "deadLetter", "metricCatalogue", "metricTickets",
    "metrics", "heldReview",
    "retention", "reviewCheck", "samplingRun", "samplingRunVerification", "scorecardDiff", "scorecardUsage",
    "scorecardsForTicket", "signals",
    "specialistProfile", "workload",
}  # fmt: skip
"""Fields of Query that another service answers."""
_NOT_PLAIN = frozenset(ASKED_ELSEWHERE | {"__schema", "__type"})


@dataclass(frozen=True)
class Size:
    """Fragments count as often as they are used."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    things: int = 0
    """Objects in the answer."""
    metrics: int = 0
    """Questions to other services."""
    directives: int = 0
    introspects: bool = False
    repeats: int = 0
    """How often one name of the answer is written in one place, at most: whether all those can be one is
    compared pair by pair."""
    names: Mapping[str, int] = field(default_factory=dict)
    """Those of the place itself, with how often. Of a mutation's root: each is a command."""

    @property
    def cost(self) -> int:
        return self.fields + self.things // THINGS_A_POINT + self.metrics * POINTS_A_METRIC

    def __or__(self, beside: "Size") -> "Size":
        return Size(
            max(self.depth, beside.depth),
            self.aliases + beside.aliases,
            self.fields + beside.fields,
            self.things + beside.things,
            self.metrics + beside.metrics,
            self.directives + beside.directives,
            self.introspects or beside.introspects,
            max(self.repeats, beside.repeats),
        )


def size_of(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    schema: GraphQLSchema,
) -> Size:
    """Of documents that may yet be invalid: what the schema does not know counts as a field."""
    root = schema.get_root_type(operation.operation)
    whole = _Measuring(document, operation, variables, schema).selection(operation.selection_set, root, None)
    declared = sum(len(one.directives or ()) for one in operation.variable_definitions or ())
    return replace(whole, directives=whole.directives + len(operation.directives or ()) + declared)


class _Measuring:
    """Each fragment is measured once, however often it is used: their sum is what doubles, not the work."""

    def __init__(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        schema: GraphQLSchema,
    ) -> None:
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        defaults = {
            one.variable.name.value: one.default_value for one in operation.variable_definitions or ()
        }
        self._values: dict[str, Any] = {
            **{name: value for name, value in defaults.items() if value is not None}, **variables
        }  # fmt: skip
        self._schema = schema
        self._known: dict[tuple[str, int | None], Size] = {}

    def selection(self, chosen: SelectionSetNode, owner: GraphQLNamedType | None, page: int | None) -> Size:
        """`page`: how much the lists of `owner` hold, where it is a page."""
        whole, names = Size(), Counter[str]()
        fields = aliases = directives = 0  # of what has nothing inside: one by one, they would take too long
        for one in chosen.selections:
            if isinstance(one, FieldNode):
                if one.selection_set is None and one.name.value not in _NOT_PLAIN:
                    fields += 1
                    aliases += one.alias is not None
                    directives += len(one.directives or ())
                    names[(one.alias or one.name).value] += 1
                    continue
                size = self._field(one, owner, page)
            elif isinstance(one, FragmentSpreadNode):
                size = self._fragment(one.name.value, page)
            else:
                assert isinstance(one, InlineFragmentNode), "there is no other kind"
                on = one.type_condition
                kind = self._schema.get_type(on.name.value) if on else owner
                size = self.selection(one.selection_set, kind, page)
            if one.directives:
                size = replace(size, directives=size.directives + len(one.directives))
            whole |= size
            names.update(size.names)
        return replace(
            whole,
            fields=whole.fields + fields,
            aliases=whole.aliases + aliases,
            directives=whole.directives + directives,
            names=names,
            repeats=max(whole.repeats, *names.values(), 0),
        )

    def _fragment(self, name: str, page: int | None) -> Size:
        if (name, page) not in self._known:
            self._known[name, page] = Size()  # in a circle, which is refused later, it adds nothing
            if fragment := self._fragments.get(name):
                kind = self._schema.get_type(fragment.type_condition.name.value)
                size = self.selection(fragment.selection_set, kind, page)
                directives = size.directives + len(fragment.directives or ())
                self._known[name, page] = replace(size, directives=directives)
        return self._known[name, page]

    def _field(self, chosen: FieldNode, owner: GraphQLNamedType | None, page: int | None) -> Size:
        name = chosen.name.value
        known: GraphQLField | None = getattr(owner, "fields", {}).get(name)
        own = Size(fields=1, aliases=chosen.alias is not None, introspects=name in ("__schema", "__type"))
        if known is not None and owner is self._schema.query_type and name in ASKED_ELSEWHERE:
            own |= Size(metrics=self._length(self._argument(chosen, "keys")))
        names = {(chosen.alias or chosen.name).value: 1}
        if chosen.selection_set is None:
            return replace(own, names=names)
        kind = get_named_type(known.type) if known else None
        inside = self.selection(chosen.selection_set, kind, self._page(chosen, known))
        times = 1
        if known is not None and is_list_type(get_nullable_type(known.type)):
            times = page if page is not None else MESSAGES if name == "messages" else EXPECTED
        depth = inside.depth + (not name.startswith("__"))
        inside = replace(inside, depth=depth, things=times * (1 + inside.things))
        return replace(own | inside, names=names)

    def _page(self, chosen: FieldNode, known: GraphQLField | None) -> int | None:
        if known is None or "first" not in known.args:
            return None
        given = self._argument(chosen, "first")
        if isinstance(given, IntValueNode):
            given = int(given.value) if len(given.value) < 10 else MAX_PAGE
        return min(max(given, 0), MAX_PAGE) if type(given) is int else PAGE

    def _argument(self, chosen: FieldNode, name: str) -> Any:
        given = next((one.value for one in chosen.arguments or () if one.name.value == name), None)
        return self._values.get(given.name.value) if isinstance(given, VariableNode) else given

    def _length(self, given: Any) -> int:
        values = given.values if isinstance(given, ListValueNode) else given
        return len(values) if isinstance(values, list | tuple) else 1
