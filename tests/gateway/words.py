"""What REST tells, in the words of GraphQL: so that both can be compared."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from strawberry.utils.str_converters import to_camel_case

AS_IT_IS = {"settings", "api", "proof", "headers", "shape", "detail", "custom_fields", "extra", "tickets"}
"""What GraphQL tells as JSON."""
_UTC = re.compile(r"(\d{4}-\d\d-\d\dT[\d:]+)(?:(\.\d*?[1-9])|\.)?0*Z")


def told(document: Any, people: Collection[str] = (), as_it_is: Collection[str] = AS_IT_IS) -> Any:
    """`people`: fields that name who did it, by id."""
    if isinstance(document, list):
        return [told(one, people, as_it_is) for one in document]
    if isinstance(document, Mapping):
        return {
            to_camel_case(f"{name}_id" if name in people else name): value
            if name in as_it_is
            else told(value, people, as_it_is)
            for name, value in document.items()
        }
    return _UTC.sub(r"\1\2+00:00", document) if isinstance(document, str) else document


def fields(document: Any) -> str:
    """All that `told` gave, to be asked for."""
    if isinstance(document, list):
        return fields(document[0])
    return " ".join(
        f"{name} {{ {fields(value)} }}" if _has_fields(name, value) else name
        for name, value in document.items()
    )


def _has_fields(name: str, value: Any) -> bool:
    inner = value[0] if isinstance(value, list) and value else value
    return isinstance(inner, Mapping) and name not in {to_camel_case(one) for one in AS_IT_IS}
