"""The project's files as the laws see them: path, text, comments, syntax tree."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    path: str
    """From the project's root, with slashes."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def comments(self) -> dict[int, str]:
        """By line."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def module(self) -> str:
        dotted = self.path.removesuffix(".py").replace("/", ".")
        return dotted.removesuffix(".__init__")

    def at(self, node: ast.AST, complaint: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {complaint}"

    def nodes(self, *kinds: str) -> Iterator[Any]:
        return (node for node in ast.walk(self.tree) if type(node).__name__ in kinds)

    def imports(self) -> Iterator[tuple[ast.AST, str, str, str]]:
        """(node, module, name, name here) of every import, wherever it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    yield node, one.name, "", one.asname or one.name
            elif isinstance(node, ast.ImportFrom):
                for one in node.names:
                    yield node, node.module or "", one.name, one.asname or one.name

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """(call, dotted name of what is called); the name is "" for anything but names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node, dotted(node.func)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; of anything else only what follows it: `.b.c`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def read(*folders: str, root: Path = ROOT) -> list[Source]:
    return [
        Source(path.relative_to(root).as_posix(), path.read_text())
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]


def matching(sources: list[Source], pattern: str) -> list[Source]:
    """Those whose path fits the regular expression. Never none: a law over nothing is no law."""
    found = [source for source in sources if re.fullmatch(pattern, source.path)]
    assert found, f"no file is called {pattern}"
    return found


PRODUCT = read("services", "shared", "migrations")
CODE = [source for source in PRODUCT if not source.path.startswith("migrations/")]
TESTS = read("tests")
