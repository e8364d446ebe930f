"""Documents that clients ask for by their hash. The file of them is the operator's: a client cannot add any,
so nobody can fill a memory with them, or put one in another's place."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.errors import BadOperations
from services.gateway.limits import MAX_TOKENS
from services.gateway.schemas import SHA256, GraphQLIn
from shared.config import Settings
from shared.errors import Fault, ValidationFailed

FORMAT = "apollo-persisted-query-manifest"
"""What tools for clients write, and other servers read."""


class NotListed(GraphQLError):
    """Asked for is what is not in the file."""


class _Operation(BaseModel):
    model_config = ConfigDict(strict=True)

    id: str = Field(pattern=f"^{SHA256}$")
    """SHA-256 of the body, in hex."""
    name: str
    type: str
    body: str


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True)

    format: str = Field(pattern=f"^{FORMAT}$")
    version: int = Field(ge=1, le=1)
    operations: list[_Operation]


class Operations:
    """By hash. With `only_these`, no other document is run, whether it comes as text or by its hash."""

    def __init__(self, by_hash: Mapping[str, str], *, only_these: bool = False) -> None:
        self._by_hash = by_hash
        self._only_these = only_these

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Raises BadOperations."""
        path = settings.graphql_operations
        if path is None and settings.graphql_allow_list:
            raise BadOperations(
                "ASSAY_GRAPHQL_ALLOW_LIST is set, and ASSAY_GRAPHQL_OPERATIONS names no file."
            )
        return cls({} if path is None else read(path), only_these=settings.graphql_allow_list)

    def text_of(self, asked: GraphQLIn) -> str:
        """The document to run. Raises NotListed, ValidationFailed (422)."""
        wanted = _hash_asked_for(asked)
        if asked.query is None:
            if wanted is None:
                raise ValidationFailed(faults=[Fault("/query", "missing", "Required.")])
            if (text := self._by_hash.get(wanted)) is None:
                raise self._not_listed()
            return text
        if wanted is None and not self._only_these:
            return asked.query
        own = hash_of(asked.query)
        if wanted not in (None, own):
            raise ValidationFailed(faults=[Fault("/query", "wrong-form", "It has another hash.")])
        if self._only_these and own not in self._by_hash:
            raise self._not_listed()
        return asked.query

    def _not_listed(self) -> NotListed:
        if self._only_these:
            code, words = "PERSISTED_QUERY_NOT_IN_LIST", "Only documents in the server's list are run."
        else:
            code, words = "PERSISTED_QUERY_NOT_FOUND", "No document has this hash: send its text."
        return NotListed(words, extensions={"code": code})


def _hash_asked_for(asked: GraphQLIn) -> str | None:
    """Of either way to say it. Raises ValidationFailed (422) where they differ."""
    said = [asked.documentId.removeprefix("sha256:")] if asked.documentId is not None else []
    if asked.extensions is not None and asked.extensions.persistedQuery is not None:
        said.append(asked.extensions.persistedQuery.sha256Hash)
    if len(set(said)) > 1:
        raise ValidationFailed(faults=[Fault("/documentId", "wrong-form", "Two hashes, and not the same.")])
    return said[0] if said else None


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ---- The file -------------------------------------------------------------------------------------------


def read(path: Path) -> dict[str, str]:
    """Hash → document. Whether a document fits the schema is seen when it is asked for: what older clients
    need may be more than today's schema has. Raises BadOperations."""
    try:
        found = _Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadOperations(f"The file of GraphQL operations cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise BadOperations(f"{path}: not a file of GraphQL operations: {where}: {first['msg']}") from None
    for one in found.operations:
        if hash_of(one.body) != one.id:
            raise BadOperations(f"{path}: the operation {one.name} has another hash than its id says.")
        _parsed(one.body, f"{path}: the operation {one.name}")
    return {one.id: one.body for one in found.operations}


def _parsed(text: str, whose: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise BadOperations(f"{whose} is not GraphQL: {error.message}") from None


def written(folder: Path, schema: GraphQLSchema) -> str:
    """The file for all `*.graphql` of a folder and those below it: one operation in each, with its fragments.

    Raises BadOperations, also where one does not fit the schema.
    """
    operations = []
    for path in sorted(folder.rglob("*.graphql")):
        try:
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadOperations(f"{path} cannot be read: {error}") from None
        document = _parsed(text, str(path))
        if errors := validate(schema, document):
            raise BadOperations(f"{path}: {errors[0].message}")
        found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        if len(found) != 1:
            raise BadOperations(f"{path}: one operation in each file, not {len(found)}.")
        name = found[0].name.value if found[0].name else path.stem
        one = {"id": hash_of(text), "name": name, "type": found[0].operation.value, "body": text}
        operations.append(one)
    if not operations:
        raise BadOperations(f"There is no *.graphql in {folder}.")
    return json.dumps({"format": FORMAT, "version": 1, "operations": operations}, indent=1) + "\n"
