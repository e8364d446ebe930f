"""The guards in the product's code, found by reading it; and how one of them is taken out while a probe asks.

What counts as a guard: an `if` that refuses with a problem of GUARDED, each comparison with who is calling or
with a role (and each part of it), a state machine's check, `check(actor, action)`, and a note for the trail.
A mutant is the same function without it. Its code is swapped, so that every reference to it is meant.
"""

import ast
import importlib
import inspect
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from shared.errors import Problem

SHARE = float(os.environ.get("ASSAY_GUARDS_SHARE", "0.1"))
"""Of the guards, how many are tried: all of them by `make prove`."""
ROOT = Path(__file__).parents[2]
GUARDED = {401, 403, 409}
PLACES = ("services/*/*.py", "services/*/*/*.py", "shared/*.py")
LEFT_OUT = {
    "services/demo": "a story, not a service",
    "services/bench": "measurements, not a service",
    "services/feedback/intake": "its actors are the help desk's: nobody asks there",
}
DOORS = "services.feedback.inbox."
"""Whoever proves nothing there is told that there is nothing."""
NOTES = {"note_read", "note_opened", "note_change", "keep_trail"}
PERMITTED = ("shared.auth", "permit.<locals>.permitted")
"""What every route's `permit(action)` runs: a guard of its own at each route."""


@dataclass(frozen=True)
class Mutant:
    module: str
    function: str
    """Its qualified name: of the outermost function, which is what is swapped."""
    what: str
    spot: int = field(repr=False)
    """Which node of the module's tree it is about."""
    part: int | bool | None = field(repr=False)
    """What becomes of it: a constant in its place, one element less, or (None) nothing at all."""

    @property
    def place(self) -> str:
        return f"{self.module}:{self.function}"

    @property
    def name(self) -> str:
        return f"{self.place}: {self.what}"


def mutants() -> list[Mutant]:
    found: dict[str, Mutant] = {}
    paths = sorted({path for place in PLACES for path in ROOT.glob(place)})
    for path in paths:
        where = path.relative_to(ROOT).as_posix()
        if not where.startswith(tuple(LEFT_OUT)):
            for one in _mutants_of(where.removesuffix(".py").replace("/", ".")):
                name = one.name
                while name in found:
                    name += "'"
                found[name] = one
    return list(found.values())


def _mutants_of(module: str) -> Iterator[Mutant]:
    tree = _tree(module)
    spots = {id(node): spot for spot, node in enumerate(ast.walk(tree))}
    for name, function in _functions(tree.body):
        seen = set()
        for node in ast.walk(function):
            for what, target, part in _ways(module, node):
                spot = spots[id(target)]
                if (spot, part) not in seen:
                    seen.add((spot, part))
                    yield Mutant(module, name, what, spot, part)


def _functions(body: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node


Way = tuple[str, ast.AST, int | bool | None]


def _ways(module: str, node: ast.AST) -> Iterator[Way]:
    """(in words, the node, what becomes of it): each way to take out the guard that this node is."""
    if isinstance(node, ast.If) and (problem := _refuses_with(module, node)):
        is_any = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or)
        for test in node.test.values if is_any else [node.test]:  # type: ignore[attr-defined]  # BoolOp
            yield f"no {problem} where {_text(test)}", test, False
            yield from _shorter(test)
    elif isinstance(node, ast.Compare) and _is_about_callers(node):
        for value in (True, False):
            yield f"{_text(node)} is {value}", node, value
        yield from _shorter(node)
    elif isinstance(node, ast.BinOp) and _is_about_callers(node):
        yield from _shorter(node)
    elif isinstance(node, ast.Call) and _text(node.func).endswith("is_distinct_from"):
        yield f"without {_text(node)}", node, True
    elif isinstance(node, ast.Expr):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and _text(call.func).rpartition(".")[2] in NOTES | {"check"}:
            yield f"without {_text(call)}", node, None


def _shorter(test: ast.AST) -> Iterator[Way]:
    """One thing less in each set or tuple of several."""
    for node in ast.walk(test):
        if isinstance(node, ast.Set | ast.Tuple) and len(node.elts) > 1:
            for part, element in enumerate(node.elts):
                yield f"{_text(test)} without {_text(element)}", node, part


def _refuses_with(module: str, node: ast.If) -> str | None:
    """The problem of GUARDED that the last statement raises or gives."""
    last = node.body[-1]
    said = last.exc if isinstance(last, ast.Raise) else last.value if isinstance(last, ast.Return) else None
    name = _text(said.func if isinstance(said, ast.Call) else said) if said is not None else ""
    kind = getattr(importlib.import_module(module), name, None) if name.isidentifier() else None
    if not (inspect.isclass(kind) and issubclass(kind, Problem)):
        return None
    hides = module.startswith(DOORS) and kind.status == 404
    return name if hides or kind.status in GUARDED else None


def _is_about_callers(node: ast.AST) -> bool:
    """Who is calling, or a role by its name."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id.startswith("actor"):
            return True
        if isinstance(one, ast.Attribute) and _text(one.value) == "Role":
            return True
    return False


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


@cache
def _source(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text()


def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module), module)


def chosen(*what: object) -> bool:
    """Always the same ones, so many of them as SHARE says."""
    return random.Random("/".join(map(str, what))).random() < SHARE


# ---- Taking out -------------------------------------------------------------------------------------


@contextmanager
def taken_out(mutant: Mutant) -> Iterator[None]:
    with swapped(function_of(mutant), code_of(mutant, mutant.function)):
        yield


@contextmanager
def swapped(function: Any, code: CodeType) -> Iterator[None]:
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before


def function_of(mutant: Mutant) -> Any:
    """The function itself, under whatever stands around it: a GraphQL field, a context manager."""
    found: Any = importlib.import_module(mutant.module)
    for name in mutant.function.split("."):
        definition = getattr(found, "__strawberry_definition__", None)
        field_ = definition and next((one for one in definition.fields if one.python_name == name), None)
        found = field_.base_resolver.wrapped_func if field_ else getattr(found, name)
    return inspect.unwrap(found)


def code_of(mutant: Mutant, function: str) -> CodeType:
    """The function's code without the guard."""
    tree = _tree(mutant.module)
    target = list(ast.walk(tree))[mutant.spot]
    whole = ast.fix_missing_locations(_Change(target, mutant.part).visit(tree))
    return _find(compile(whole, str(ROOT / f"{mutant.module.replace('.', '/')}.py"), "exec"), function)


class _Change(ast.NodeTransformer):
    def __init__(self, target: ast.AST, part: int | bool | None) -> None:
        self._target, self._part = target, part

    def visit(self, node: ast.AST) -> Any:
        if node is not self._target:
            return self.generic_visit(node)
        if isinstance(self._part, bool):
            return ast.copy_location(ast.Constant(self._part), node)
        if self._part is None:
            return ast.copy_location(ast.Pass(), node)
        del node.elts[self._part]  # type: ignore[attr-defined]  # a set or a tuple
        return node


def _find(code: CodeType, qualified: str) -> CodeType:
    waiting = [code]
    while waiting:
        one = waiting.pop()
        if one.co_qualname == qualified:
            return one
        waiting += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    raise LookupError(qualified)


def without_asking() -> CodeType:
    """What `permit(action)` makes, without asking whether the caller may."""
    module, function = PERMITTED
    [asking] = [one for one in _mutants_of(module) if one.place == f"{module}:permit" and one.part is None]
    return code_of(asking, function)


@contextmanager
def anew(module: ModuleType, name: str) -> Iterator[ModuleType]:
    """The module, run once more under another name: with whatever its imports are at this moment."""
    spec = importlib.util.spec_from_file_location(name, module.__file__ or "")
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(made)
        yield made
    finally:
        del sys.modules[name]
