"""How files look: their names, sizes, first words, and the reasons beside what they switch off."""

import re

import pytest
from sources import CODE, PRODUCT, TESTS, Source, dotted

MAX_LINES = 400
EVERYWHERE = {
    "__init__.py", "app.py", "routes.py", "service.py", "rules.py", "queries.py", "schemas.py",
    "errors.py", "handlers.py",
}  # fmt: skip
"""The files of a service or room."""
EXTRAS = {
    r"audit/scorecards/(card|conditions)\.py": "a scorecard's form is checked apart from how it scores",
    r"audit/scorecards/(answering|applying|comparing)\.py": "one question of a form each",
    r"audit/sampling/(designs|drawing)\.py": "a draw, whole in a file, is made apart from where it is kept",
    r"audit/reviews/importing\.py": "reviews made elsewhere come in by another way than ours",
    r"audit/assignment/standing\.py": "what a queue is asked with stands below whoever asks",
    r"audit/calibration/agreement\.py": "measures from the literature, without a word of ours in them",
    r"feedback/intake/normalised\.py": "what every source is translated into",
    r"feedback/intake/(people|texts)\.py": "who asks, and what they wrote, sealed on its way in",
    r"feedback/intake/rows\.py": "what is said becomes rows apart from how they are stored",
    r"feedback/intake/sources/\w+\.py": "one help desk, or one part of reading it or CSV, each",
    r"(feedback/inbox|gateway)/lane\.py": "the short way, past the framework",
    r"feedback/connections/(settings|secrets)\.py": "each help desk has its own words and proofs",
    r"feedback/redaction/(links|secrets|numbers|places|names|introductions)\.py": "one kind of personal data",
    r"feedback/redaction/(reading|words|name_words)\.py": "how texts are read; each language's words",
    r"feedback/pull/(plan|client|zendesk|salesforce|freshdesk)\.py": "what is asked, and how, by help desk",
    r"feedback/privacy/(erasing|redacting|retention)\.py": "what the worker does to what is stored",
    r"kpi/values/catalogue\.py": "the metrics are data",
    r"gateway/(schema|changes|context|paging|problems|failures)\.py": "GraphQL has other parts",
    r"gateway/(limits|measure|persisted)\.py": "what may be asked for",
    r"gateway/explorer/page\.py": "GraphiQL, from files of our own",
    r"gateway/topics/\w+\.py": "one noun each",
    r"gateway/live/(feed|positions|following|registry)\.py": "what happens, and who follows it",
    r"gateway/streaming/(operation|socket|events)\.py": "one way out each",
    r"gateway/compiled/\w+\.py": "a query as one statement",
    r"demo/\w+\.py": "a story, not a service",
    r"bench/(graphql/)?\w+\.py": "measurements, not a service",
}
STARTS_PROCESSES = {
    "__init__.py", "__main__.py", "cli.py", "cli_bench.py", "cli_import.py", "cli_privacy.py",
    "cli_sampling.py", "cli_trail.py", "importing.py", "local.py", "reporting.py", "run.py",
    "serving.py", "up.py", "wire.py",
}  # fmt: skip
"""What stands directly in services/: the roof over them."""
SAYS_NOTHING = {"utils.py", "util.py", "common.py", "helpers.py", "helper.py", "misc.py"}
WHERE_STATEMENTS_ARE = {
    r".*/queries\.py": "that is what they are for",
    r"services/gateway/(topics/\w+|context|paging|live/following)\.py": "the gateway is nothing but reads",
}
BUILDERS = {"select", "insert", "update", "delete", "text", "literal_column", "union_all", "exists"}


# ---- Names, sizes, first words ----------------------------------------------------------------


def misnamed(sources: list[Source]) -> list[str]:
    found = []
    for source in sources:
        if source.name in SAYS_NOTHING:
            found.append(f"{source.path}: this name says nothing")
            continue
        folder, _, rest = source.path.partition("/")
        if folder != "services":
            continue
        is_known = source.name in EVERYWHERE if "/" in rest else source.name in STARTS_PROCESSES
        if not is_known and not any(re.fullmatch(extra, rest) for extra in EXTRAS):
            found.append(f"{source.path}: not one of a service's files (see EXTRAS)")
    return found


def too_long(sources: list[Source]) -> list[str]:
    return [
        f"{source.path}: {lines} lines, at most {MAX_LINES}"
        for source in sources
        if (lines := len(source.text.splitlines())) > MAX_LINES
        and not source.path.startswith("migrations/versions/")
    ]


def undescribed(sources: list[Source]) -> list[str]:
    """An empty __init__.py needs no words."""
    from ast import get_docstring

    return [
        f"{source.path}: no docstring says what lives here"
        for source in sources
        if source.text.strip() and not get_docstring(source.tree)
    ]


def test_files_are_called_what_they_are() -> None:
    assert misnamed(PRODUCT + TESTS) == []


def test_no_file_is_too_long_to_read() -> None:
    assert too_long(PRODUCT + TESTS) == []


def test_every_module_says_what_lives_in_it() -> None:
    assert undescribed(PRODUCT + TESTS) == []


@pytest.mark.parametrize(
    "path",
    ["shared/utils.py", "services/kpi/common.py", "services/kpi/logic.py", "services/extra.py",
     "services/audit/reviews/card.py", "tests/helpers.py"],
)  # fmt: skip
def test_a_misnamed_file_is_reported(path: str) -> None:
    assert len(misnamed([Source(path, "")])) == 1


def test_a_long_file_is_reported() -> None:
    assert too_long([Source("shared/twin.py", "\n" * 401)]) == ["shared/twin.py: 401 lines, at most 400"]
    assert too_long([Source("shared/twin.py", "\n" * 400)]) == []


def test_a_module_without_words_is_reported() -> None:
    assert len(undescribed([Source("shared/twin.py", "import re")])) == 1
    assert undescribed([Source("shared/__init__.py", "")]) == []


# ---- Reasons ----------------------------------------------------------------------------------

_SWITCHED_OFF = re.compile(r"#\s*(type:\s*ignore|noqa|pragma)", re.IGNORECASE)
_WITH_REASON = re.compile(
    r"#\s*(type: ignore\[[\w-]+(,\s*[\w-]+)*\]|noqa: [A-Z]+\d+(,\s*[A-Z]+\d+)*)"
    r"\s+(#\s*|\()\w.{4,}"
)


def unexplained(sources: list[Source]) -> list[str]:
    """`# type: ignore[code]  # reason`, `# noqa: CODE (reason)`: never without both."""
    return [
        f"{source.path}:{line}: {comment}: code and reason are missing"
        for source in sources
        for line, comment in source.comments.items()
        if _SWITCHED_OFF.search(comment) and not _WITH_REASON.search(comment)
    ]


def swallowing(sources: list[Source]) -> list[str]:
    """Whoever catches everything says why, on that line or the next."""
    found = []
    for source in sources:
        handlers = [
            node for node in source.nodes("ExceptHandler") if node.type is None or _catches_all(node.type)
        ]
        suppressing = [
            call
            for call, name in source.calls()
            if name.endswith("suppress") and any(map(_catches_all, call.args))
        ]
        found += [
            source.at(node, "catches everything, and does not say why")
            for node in handlers + suppressing
            if not {node.lineno, node.lineno + 1} & source.comments.keys()
        ]
    return found


def _catches_all(node: object) -> bool:
    named = getattr(node, "elts", [node])
    return any(dotted(one) in {"Exception", "BaseException"} for one in named)


def test_what_is_switched_off_has_a_reason() -> None:
    assert unexplained(PRODUCT + TESTS) == []


def test_whoever_catches_everything_says_why() -> None:
    assert swallowing(PRODUCT) == []


@pytest.mark.parametrize(
    "comment",
    ["type: ignore", "type: ignore[attr-defined]", "type: ignore  # a reason, no code", "noqa",
     "noqa: F401", "noqa (a reason, no code)", "pragma: no cover"],
)  # fmt: skip
def test_a_switch_without_a_reason_is_reported(comment: str) -> None:
    assert len(unexplained([Source("shared/twin.py", f"x = 1  # {comment}\n")])) == 1


@pytest.mark.parametrize(
    "comment", ["type: ignore[attr-defined]  # set one line above", "noqa: F401 (fills the metadata)"]
)
def test_a_switch_with_a_reason_is_not_reported(comment: str) -> None:
    assert unexplained([Source("shared/twin.py", f"x = 1  # {comment}\n")]) == []


@pytest.mark.parametrize(
    ("code", "reports"),
    [
        ("try:\n    f()\nexcept Exception:\n    g()\n", 1),
        ("try:\n    f()\nexcept (OSError, Exception):\n    g()\n", 1),
        ("try:\n    f()\nexcept:\n    g()\n", 1),
        ("with contextlib.suppress(Exception):\n    f()\n", 1),
        ("try:\n    f()\nexcept Exception:  # the next attempt mends it\n    g()\n", 0),
        ("try:\n    f()\nexcept OSError:\n    g()\n", 0),
    ],
)
def test_a_silent_catch_of_everything_is_reported(code: str, reports: int) -> None:
    assert len(swallowing([Source("shared/twin.py", code)])) == reports


# ---- Who speaks SQL ---------------------------------------------------------------------------


def misplaced_statements(sources: list[Source]) -> list[str]:
    """Inside the services, only `queries.py` builds statements."""
    return [
        source.at(node, f"builds a statement ({module}.{name}): that belongs in queries.py")
        for source in sources
        if source.path.startswith("services/")
        and not any(re.fullmatch(where, source.path) for where in WHERE_STATEMENTS_ARE)
        for node, module, name, _ in source.imports()
        if module.split(".")[0] in {"sqlalchemy", "sqlmodel"} and name in BUILDERS
    ]


def test_only_queries_build_statements() -> None:
    assert misplaced_statements(CODE) == []


@pytest.mark.parametrize("name", ["routes", "service", "rules", "handlers"])
def test_a_statement_in_another_file_is_reported(name: str) -> None:
    code = "from sqlalchemy import func, select\nfrom sqlalchemy.dialects.postgresql import insert\n"
    assert len(misplaced_statements([Source(f"services/kpi/{name}.py", code)])) == 2
