"""HTTP of the explorer: GraphiQL without the internet, and the schema's text. Both are in the repository too,
so that nobody has to sign in for them; asking anything does take a token."""

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from services.gateway.explorer.page import POLICY, answer, page
from services.gateway.schema import schema
from shared.openapi import answers
from shared.web import router

routes = router("/graphql", "graphql")
_SDL = schema.as_str() + "\n"


@routes.get("/explorer", include_in_schema=False, response_class=HTMLResponse)
async def explorer() -> Response:
    return HTMLResponse(page(), headers={"content-security-policy": POLICY})


@routes.get("/explorer/{name}", include_in_schema=False, response_class=Response)
async def asset(name: str, request: Request) -> Response:
    return answer(name, request.headers)


@routes.get(
    "/schema.graphql", summary="The GraphQL schema", response_class=PlainTextResponse, responses=answers()
)
async def schema_text() -> str:
    """Its text (SDL), for generating clients."""
    return _SDL
