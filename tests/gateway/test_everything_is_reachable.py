"""Whatever REST can read or do, GraphQL can: OpenAPI and the schema, held against `reached.py`."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    specified_scalar_types,
)
from reached import ELSEWHERE, NOT_REACHED, REACHED, TAKEN_IN, Address
from routes_of import app_without_database, dependencies_of, routes_of
from strawberry.utils.str_converters import to_camel_case

from services.gateway.schema import schema

NOT_YET: dict[Address, str] = {
    # feedback, audit, kpi
    ("POST", "/feedback/connections"): "to come",
    ("GET", "/feedback/connections"): "to come",
    ("GET", "/feedback/connections/{connection_id}"): "to come",
    ("PATCH", "/feedback/connections/{connection_id}"): "to come",
    ("POST", "/feedback/connections/{connection_id}/rotate-secret"): "to come",
    ("POST", "/feedback/connections/{connection_id}/pause"): "to come",
    ("POST", "/feedback/connections/{connection_id}/resume"): "to come",
    ("GET", "/feedback/connections/{connection_id}/health"): "to come",
    ("GET", "/feedback/connections/{connection_id}/dead-letters"): "to come",
    ("GET", "/feedback/connections/{connection_id}/dead-letters/{delivery_id}"): "to come",
    ("POST", "/feedback/connections/{connection_id}/dead-letters/replay"): "to come",
    ("POST", "/feedback/connections/{connection_id}/dead-letters/{delivery_id}/replay"): "to come",
    ("POST", "/feedback/connections/{connection_id}/backfills"): "to come",
    ("GET", "/feedback/connections/{connection_id}/pulls"): "to come",
    ("GET", "/feedback/pulls/{pull_id}"): "to come",
    ("POST", "/feedback/pulls/{pull_id}/cancel"): "to come",
    ("GET", "/feedback/tickets/{ticket_id}/events"): "to come",
    ("GET", "/feedback/tickets/{ticket_id}/ratings"): "to come",
    ("POST", "/feedback/tickets/{ticket_id}/original"): "to come",
    ("POST", "/feedback/requesters/find"): "to come",
    ("POST", "/feedback/requesters/{requester_id}/identity"): "to come",
    ("POST", "/feedback/requesters/{requester_id}/access-export"): "to come",
    ("POST", "/feedback/requesters/{requester_id}/erase"): "to come",
    ("GET", "/feedback/erasures"): "to come",
    ("GET", "/feedback/erasures/{erasure_id}"): "to come",
    ("POST", "/feedback/erasures/{erasure_id}/approve"): "to come",
    ("POST", "/feedback/erasures/{erasure_id}/refuse"): "to come",
    ("POST", "/feedback/legal-holds"): "to come",
    ("GET", "/feedback/legal-holds"): "to come",
    ("POST", "/feedback/legal-holds/{hold_id}/release"): "to come",
    ("GET", "/feedback/retention"): "to come",
    ("PATCH", "/feedback/retention"): "to come",
    ("POST", "/audit/scorecards"): "to come",
    ("GET", "/audit/scorecards"): "to come",
    ("POST", "/audit/scorecards/{scorecard_id}/versions"): "to come",
    ("GET", "/audit/scorecards/{scorecard_id}/versions"): "to come",
    ("POST", "/audit/scorecard-versions/{version_id}/publish"): "to come",
    ("POST", "/audit/plans"): "to come",
    ("GET", "/audit/plans"): "to come",
    ("GET", "/kpi/metrics"): "to come",
    ("GET", "/kpi/metrics/{key}/tickets"): "to come",
}
"""Addresses to come."""
FIELDS_NOT_YET: set[str] = set()
"""Fields and arguments to come, as the tests below call them."""

APP = app_without_database()
DOCUMENT = APP.openapi()
OPERATIONS: dict[Address, Any] = {
    (method.upper(), path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
TYPES = schema._schema.type_map


def found(address: Address) -> GraphQLField | None:
    way = REACHED[address]
    owner, _, name = way.rpartition(".")
    root = TYPES[owner or ("Query" if address[0] == "GET" else "Mutation")]
    assert isinstance(root, GraphQLObjectType)
    return root.fields.get(name)


# ---- Addresses ---------------------------------------------------------------------------------------


def test_every_address_is_reached_or_says_why_not() -> None:
    assert not set(OPERATIONS) - set(REACHED) - set(NOT_REACHED) - set(NOT_YET)


def test_no_address_is_in_the_tables_twice_or_gone() -> None:
    listed = [*REACHED, *NOT_REACHED, *NOT_YET]
    assert len(listed) == len(set(listed))
    assert not set(listed) - set(OPERATIONS)


@pytest.mark.parametrize("address", REACHED, ids=" ".join)
def test_what_the_table_names_is_in_the_schema(address: Address) -> None:
    assert found(address) is not None, REACHED[address]


def test_every_mutation_is_somewhere_in_rest() -> None:
    mutation = TYPES["Mutation"]
    assert isinstance(mutation, GraphQLObjectType)
    assert not set(mutation.fields) - set(REACHED.values())


# ---- What is read ------------------------------------------------------------------------------------


def shape(told: Any) -> Any:
    """The object behind references, null, lists and pages; None where it is no object of named fields."""
    if "$ref" in told:
        told = DOCUMENT["components"]["schemas"][told["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in told:
        return next((one for some in told["anyOf"] if (one := shape(some)) is not None), None)
    if told.get("type") == "array":
        return shape(told["items"])
    properties = told.get("properties", {})
    if set(properties) == {"items", "next"}:
        return shape(properties["items"])
    return told if properties else None


def answered(operation: Any) -> Any:
    (success,) = (answer for code, answer in operation["responses"].items() if code.startswith("2"))
    told: Any = success.get("content", {}).get("application/json", {}).get("schema", {})
    return shape(told)


def is_id(told: Any) -> bool:
    return any(one.get("format") == "uuid" for one in [told, *told.get("anyOf", ())])


def plain(kind: GraphQLNamedType) -> GraphQLNamedType:
    """What a page holds; what a command answers when it succeeds."""
    if isinstance(kind, GraphQLUnionType):
        (kind,) = (one for one in kind.types if one.name != "Problem")
    if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection") and "nodes" in kind.fields:
        return get_named_type(kind.fields["nodes"].type)
    return kind


def missing_fields(told: Any, kind: GraphQLNamedType) -> set[str]:
    """An id that GraphQL follows to its object is a field of its own too: the object may not be seen by
    everybody who sees the id."""
    if not isinstance(kind, GraphQLObjectType):
        return set()  # a scalar, or JSON as a whole
    missing = set()
    for name, value in told["properties"].items():
        if f"{kind.name}.{name}" in TAKEN_IN:
            missing |= missing_fields(shape(value), kind)
            continue
        field = kind.fields.get(to_camel_case(name))
        if field is None or (is_id(value) and isinstance(get_named_type(field.type), GraphQLObjectType)):
            field = kind.fields.get(to_camel_case(f"{name}_id")) if is_id(value) else None
        if field is None:
            missing.add(f"{kind.name}.{to_camel_case(name)}")
        elif (inner := shape(value)) is not None:
            missing |= missing_fields(inner, get_named_type(field.type))
    return missing


def test_whatever_an_answer_of_rest_tells_has_a_field() -> None:
    missing = set()
    for address in REACHED:
        field, told = found(address), answered(OPERATIONS[address])
        if field is not None and told is not None:
            missing |= missing_fields(told, plain(get_named_type(field.type)))
    assert missing == {one for one in FIELDS_NOT_YET if "(" not in one}


# ---- What is asked -----------------------------------------------------------------------------------


def asked(operation: Any) -> set[str]:
    """Parameters, and what the body holds."""
    names = {one["name"] for one in operation.get("parameters", ())}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for one in body.get("oneOf", [body]):
        names |= set((shape(one) or {"properties": ()})["properties"])
    return names


def arguments(field: GraphQLField) -> set[str]:
    """With the fields of those that are objects."""
    names = set(field.args)
    for one in field.args.values():
        names |= set(getattr(get_named_type(one.type), "fields", ()))
    return names


def test_whatever_rest_can_be_asked_is_an_argument() -> None:
    """The id of the thing itself is called `id`, or is that of the thing whose field it is."""
    missing = set()
    for address, way in REACHED.items():
        field = found(address)
        own = {part[1:-1] for part in address[1].split("/") if part.startswith("{")}
        for name in asked(OPERATIONS[address]) if field is not None else ():
            wanted = to_camel_case(ELSEWHERE.get(name, name))
            known = arguments(field) if field is not None else set()
            if " " in wanted or wanted in known or (name in own and ("." in way or {"id", "keys"} & known)):
                continue
            missing.add(f"{way}({wanted})")
    assert missing == {one for one in FIELDS_NOT_YET if "(" in one}


# ---- Who may ask -------------------------------------------------------------------------------------

ASKED = re.compile(r'check\(info\.context\.actor, "([\w.]+)"\)')


def checked(field: GraphQLField) -> set[str]:
    """The permissions that the resolver asks for."""
    definition = field.extensions["strawberry-definition"]
    resolver = definition.base_resolver
    return set(ASKED.findall(inspect.getsource(resolver.wrapped_func))) if resolver else set()


def actions() -> dict[Address, str]:
    return {
        (method, route.path): call.action
        for route in routes_of(APP)
        for call in dependencies_of(route)
        for method in getattr(route, "methods", None) or ()
        if hasattr(call, "action")
    }


def test_what_is_read_asks_for_the_permission_that_rest_asks_for() -> None:
    """A field of a thing asks for nothing more where whoever got the thing has the permission already."""
    asked_by_rest = actions()
    wrong = []
    for address, way in REACHED.items():
        field, action = found(address), asked_by_rest[address]
        if field is None or address[0] != "GET":
            continue
        owner = way.rpartition(".")[0]
        roots = {
            asked_by_rest[one] for one in REACHED
            if (root := found(one)) and owner and plain(get_named_type(root.type)).name == owner
        }  # fmt: skip
        if checked(field) != {action} and not (not checked(field) and roots == {action}):
            wrong.append(f"{way} asks for {checked(field)}, {' '.join(address)} for {action}")
    assert wrong == []


# ---- What it says of itself --------------------------------------------------------------------------


NAMES_SAY_IT = {*specified_scalar_types, "UUID"}
"""Scalars of the library."""


def undescribed() -> Iterator[str]:
    for name, kind in TYPES.items():
        if name.startswith("__") or name in NAMES_SAY_IT:
            continue
        if not kind.description:
            yield name
        for inner, one in getattr(kind, "fields", {}).items():
            if not one.description:
                yield f"{name}.{inner}"
            for argument, about in getattr(one, "args", {}).items():
                if not about.description:
                    yield f"{name}.{inner}({argument})"


def test_whatever_the_schema_holds_is_described() -> None:
    assert list(undescribed()) == []
