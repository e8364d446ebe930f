"""`assay up`: everything in one process, from an empty machine to a running system."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

from rich.console import Console

from services import local
from services.demo.telling import play_and_tell
from services.run import create_app, create_worker
from services.serving import listen, run_until_signal
from shared import log
from shared.config import Settings
from shared.embedded_postgres import EmbeddedPostgres
from shared.local_issuer import LocalIssuer


async def run(settings: Settings, *, demo: bool, port: int | None, out: Console) -> None:
    """Returns after Ctrl-C, when all has stopped in order."""
    started = time.monotonic()
    settings = local.with_secret_key(settings)
    folder = local.state_dir(settings)
    with contextlib.ExitStack() as stack:
        log_path = folder / "assay.log"
        log.configure(settings.log_format, stack.enter_context(log_path.open("a", buffering=1)))
        if settings.database_url:
            out.print("Database: the one in DATABASE_URL.")
        else:
            out.print(f"Starting the embedded PostgreSQL in {folder} …")
            postgres = EmbeddedPostgres(folder)
            stack.callback(postgres.stop)
            settings = settings.model_copy(update={"database_url": postgres.start()})
        out.print("Bringing the database to the newest version …")
        await asyncio.to_thread(local.prepare_database, settings)
        app, worker = create_app(settings), create_worker(settings)
        async with worker.db.transaction("people.first_admin", is_command=True) as session:
            await local.first_admin(session)
        wanted = settings.port if port is None else port
        listener = listen(settings.host, wanted, fallback=port is None)
        base = f"http://{settings.host}:{listener.getsockname()[1]}"
        keys = LocalIssuer(settings)
        token_path = _keep_token(folder, keys.issue(local.ADMIN_ID))

        async def once_up() -> None:
            out.print(f"Up after {time.monotonic() - started:.1f} s.\n")
            if demo:
                await play_and_tell(base, lambda who: keys.issue(who or local.ADMIN_ID), out)
            _show_addresses(out, base, token_path, log_path)

        await run_until_signal(app=app, listener=listener, worker=worker, once_up=once_up)
        await worker.db.close()
        out.print("\nStopped.")


def _keep_token(folder: Path, token: str) -> Path:
    """In a file only we can read: a token on the screen ends in somebody's scroll-back."""
    path = folder / "admin.token"
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return path


def _show_addresses(out: Console, base: str, token_path: Path, log_path: Path) -> None:
    out.print(
        f"""
[bold]Assay is running.[/bold]  Ctrl-C stops it; what it holds stays.

  API docs      {base}/docs
  GraphQL       {base}/graphql/explorer
  Problems      {base}/problems
  Health        {base}/readyz
  Metrics       {base}/metrics
  Log           {log_path}

An administrator's token is in {token_path}. Try:

  TOKEN=$(cat {token_path})
  curl -s -H "Authorization: Bearer $TOKEN" {base}/kpi/metrics/csat
  curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" {base}/graphql \\
       -d '{{"query": "{{ tickets(first: 3) {{ nodes {{ externalId subject status }} }} }}"}}'
""",
        soft_wrap=True,
    )
