"""The explorer's page and what it loads, all from here: made by `deploy/explorer`, kept compressed."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response

from shared.errors import NotFound

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:;"
    " img-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'"
)
"""The editor writes styles of its own into the page."""
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    kind: str
    zipped: bytes
    etag: str

    @property
    def plain(self) -> bytes:
        return gzip.decompress(self.zipped)


@cache
def assets() -> dict[str, Asset]:
    found = {}
    for path in sorted(HERE.glob("static/*.gz")):
        content, name = path.read_bytes(), path.name.removesuffix(".gz")
        found[name] = Asset(_KINDS[Path(name).suffix], content, f'"{sha256(content).hexdigest()[:32]}"')
    return found


def answer(name: str, headers: Headers) -> Response:
    """Raises NotFound (404)."""
    found = assets().get(name)
    if found is None:
        raise NotFound
    given = {"etag": found.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=given)
    if "gzip" in headers.get("accept-encoding", ""):
        return Response(found.zipped, headers=given | {"content-encoding": "gzip"}, media_type=found.kind)
    return Response(found.plain, headers=given, media_type=found.kind)


def examples() -> list[str]:
    """Operations to begin with, each a tab."""
    return [path.read_text() for path in sorted(HERE.glob("examples/*.graphql"))]


@cache
def page() -> str:
    tabs = json.dumps([{"query": text} for text in examples()]).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Assay GraphQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphql/explorer/explorer.css">
</head>
<body>
<div id="page"></div>
<script type="application/json" id="examples">{tabs}</script>
<script type="module" src="/graphql/explorer/explorer.js"></script>
</body>
</html>
"""
