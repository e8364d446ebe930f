"""The `assay` command. Each verb is a few lines; what it does lives elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from graphql import GraphQLError
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from services import cli_bench, cli_import, cli_privacy, cli_trail
from shared.config import Settings, settings_from_environment

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def main() -> None:
    """Foreseen failures end with one line that says what to do, not with a traceback."""
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

    from services.gateway.errors import BadOperations
    from services.local import NotRunning
    from services.serving import PortTaken
    from shared.embedded_postgres import EmbeddedPostgresError

    try:
        app()
    except (BadOperations, NotRunning, PortTaken, EmbeddedPostgresError) as error:
        _give_up(str(error))
    except (
        ConnectionError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        _give_up(f"The database does not let us in ({error}): check DATABASE_URL.")


def _give_up(words: str) -> None:
    err.print(words, style="red", markup=False, soft_wrap=True)
    raise SystemExit(1) from None


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Play the demonstration story once everything is up.")] = False,
    port: Annotated[int | None, typer.Option(help="Default: 8000, or a free one.")] = None,
) -> None:
    """Everything in one process: embedded Postgres (or DATABASE_URL), all services, worker, gateway."""
    from services import serving
    from services.up import run

    serving.run(run(_settings(), demo=demo, port=port, out=out))


@app.command()
def serve(
    names: Annotated[str, typer.Argument(help='"all" or a list such as "audit,kpi".')] = "all",
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Serve one or several services (without the worker)."""
    from services.run import choose, create_app
    from services.serving import listen, run, run_until_signal

    try:
        choose(names)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    settings = _ready()
    service_app = create_app(settings, names)
    listener = listen(host or settings.host, settings.port if port is None else port)
    err.print(f"{names}: http://{':'.join(map(str, listener.getsockname()[:2]))}")
    run(run_until_signal(app=service_app, listener=listener))


@app.command()
def worker() -> None:
    """Take deliveries to their handlers, until stopped. Run as many as you like."""
    from services.run import create_worker
    from services.serving import run, run_until_signal

    async def work() -> None:
        await run_until_signal(worker=create_worker(settings))

    settings = _ready()
    run(work())


@app.command()
def migrate() -> None:
    """Bring the database to the newest version, and make sure there is an administrator."""
    from services.local import first_admin, prepare_database
    from shared.db import Database

    async def admin() -> None:
        db = Database.of(settings, "worker")
        async with db.transaction("people.first_admin", is_command=True) as session:
            await first_admin(session)
        await db.close()

    settings = _ready()
    prepare_database(settings)
    asyncio.run(admin())
    out.print("The database is at the newest version.")


@app.command()
def token(
    person_id: Annotated[UUID | None, typer.Argument(help="Default: the administrator.")] = None,
) -> None:
    """Print a bearer token for a person (of our own issuer: not in production)."""
    from services.local import ADMIN_ID
    from shared.local_issuer import LocalIssuer

    out.print(LocalIssuer(_ready()).issue(person_id or ADMIN_ID), soft_wrap=True)


cli_import.register(app)
cli_bench.register(app)
app.add_typer(cli_trail.app, name="trail")
cli_privacy.register(app)

deliveries_app = typer.Typer(help="Events on their way to handlers: look at them, replay dead ones.")
app.add_typer(deliveries_app, name="deliveries")


@deliveries_app.command("count")
def deliveries_count() -> None:
    """How many there are, by handler and state."""
    from shared import deliveries

    table = Table("handler", "state", "number")
    for handler, state, number in _in_transaction("deliveries.count", deliveries.count_by_state):
        table.add_row(handler, state, f"{number:,}")
    out.print(table if table.rows else "No deliveries yet.")


@deliveries_app.command("list")
def deliveries_list(
    state: Annotated[str, typer.Option(help="dead, pending or done")] = "dead",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """The newest deliveries in a state, with the reason of the last failure."""
    from shared import deliveries

    if state not in ("dead", "pending", "done"):
        raise typer.BadParameter("dead, pending or done", param_hint="--state")
    found = _in_transaction(
        "deliveries.list", lambda s: deliveries.list_deliveries(s, state=state, limit=limit)
    )
    table = Table("id", "handler", "attempts", "event", "last error")
    for delivery, kind, payload in found:
        ids = ", ".join(f"{name}={value}" for name, value in payload.items())
        table.add_row(
            str(delivery.id), delivery.handler, str(delivery.attempts), f"{kind} {ids}"[:100],
            delivery.last_error or "",
        )  # fmt: skip
    out.print(table if found else f"No {state} deliveries.")


@deliveries_app.command("replay")
def deliveries_replay(
    delivery_id: Annotated[UUID | None, typer.Argument(help="One delivery; default: see options.")] = None,
    handler: Annotated[str | None, typer.Option(help="All dead ones of this handler.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead ones.")] = False,
) -> None:
    """Send dead deliveries round again, with all their attempts before them."""
    from shared import deliveries

    if not (delivery_id or handler or everything):
        raise typer.BadParameter("Name a delivery, --handler or --all.")
    number = _in_transaction(
        "deliveries.replay",
        lambda s: deliveries.replay(s, ids=[delivery_id] if delivery_id else None, handler=handler),
    )
    out.print(f"{number} dead deliveries will be tried again.")


reporting_app = typer.Typer(help="Logins for reporting tools (Tableau, Power BI).", no_args_is_help=True)
app.add_typer(reporting_app, name="reporting")


@reporting_app.command()
def grant(
    name: Annotated[str, typer.Argument(help="a-z, 0-9 and _.")],
    person_id: Annotated[UUID, typer.Argument(help="Whose eyes the login has.")],
) -> None:
    """Make a database login that sees what this person sees, and nothing that people wrote."""
    from services import reporting
    from shared.errors import NotFound

    settings = _ready()
    try:
        login, password = _in_transaction(
            "reporting.grant", lambda session: reporting.grant(session, settings, name, person_id)
        )
    except (ValueError, NotFound) as error:
        raise typer.BadParameter(str(error)) from None
    out.print(f"Login {login}, password {password} (shown only now). Views: schema `reporting`.")


@reporting_app.command()
def revoke(name: Annotated[str, typer.Argument(help="As it was granted.")]) -> None:
    """Take a reporting login away."""
    from services import reporting

    settings = _ready()
    try:
        _in_transaction("reporting.revoke", lambda session: reporting.revoke(session, settings, name))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    out.print("The login is gone.")


@app.command()
def schema(
    diff: Annotated[
        Path | None,
        typer.Option(help="An older text of it: print what differs. Ends with 1 where that breaks clients."),
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    from services.gateway.changes import changes
    from services.gateway.schema import schema as graphql_schema

    text = graphql_schema.as_str()
    if diff is None:
        typer.echo(text)  # rich would read its brackets as markup
        return
    try:
        found = changes(diff.read_text(), text)
    except (OSError, UnicodeDecodeError, GraphQLError) as error:
        raise typer.BadParameter(f"{diff}: {error}") from None
    for one in found:
        typer.echo(f"{one.kind:14}{one.words}")
    raise typer.Exit(any(one.kind == "breaks" for one in found))


graphql_app = typer.Typer(help="Documents that clients ask for by their hash.", no_args_is_help=True)
app.add_typer(graphql_app, name="graphql")


@graphql_app.command()
def persist(folder: Annotated[Path, typer.Argument(help="With *.graphql: one operation in each.")]) -> None:
    """Print the file for ASSAY_GRAPHQL_OPERATIONS."""
    from services.gateway.persisted import written
    from services.gateway.schema import schema as graphql_schema

    typer.echo(written(folder, graphql_schema._schema), nl=False)


def _settings() -> Settings:
    """Refused where they are good enough to try things out only, and this is said to be production."""
    from shared.local_issuer import NotForProduction, refuse_in_production

    settings = settings_from_environment()
    try:
        refuse_in_production(settings)
    except NotForProduction as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    return settings


def _ready() -> Settings:
    from services.local import ready
    from shared import log

    settings = ready(_settings())
    log.configure(settings.log_format)
    return settings


def _in_transaction(action: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """`action`: as the trail calls it."""
    from shared.db import Database

    async def run() -> T:
        db = Database.of(settings, "worker")
        async with db.transaction(action, is_command=True) as session:
            result = await work(session)
        await db.close()
        return result

    settings = _ready()
    return asyncio.run(run())
