"""Running on one machine without having set anything up: where the state lives, the secret key,
the embedded Postgres, the first administrator."""

import json
import os
import secrets
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

import migrations
from services.people.directory.service import ensure_admin
from shared.config import Settings
from shared.db import Login, password_of
from shared.embedded_postgres import default_state_dir

ADMIN_ID = UUID("00000000-0000-7000-8000-000000000001")
ADMIN_NAME = "Administrator"


class NotRunning(RuntimeError):
    """No database is set and no embedded one is up."""


def state_dir(settings: Settings) -> Path:
    """The folder, made where it is not there. The server of a root user runs as `nobody`, so that
    one may be entered by all; what is secret in it has its own mode."""
    folder = settings.state_dir or default_state_dir()
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    return folder


def with_secret_key(settings: Settings) -> Settings:
    """The key from ASSAY_SECRET_KEY, else the one kept in the state folder, made at first use."""
    if settings.secret_key.get_secret_value():
        return settings
    folder = state_dir(settings)
    path = folder / "secret.key"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # whoever comes first wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return settings.model_copy(update={"secret_key": SecretStr(path.read_text().strip())})


def database_url(settings: Settings) -> str:
    """DATABASE_URL, else the embedded Postgres of an `assay up` that is running now.

    Raises NotRunning with what to do.
    """
    if settings.database_url:
        return settings.database_url
    folder = state_dir(settings)
    try:
        port = json.loads((folder / "state.json").read_text())["port"]
        password = (folder / "postgres.password").read_text().strip()
    except (OSError, ValueError, KeyError):
        raise NotRunning(
            "No database: start `assay up` (or `make run`) in another terminal, or set DATABASE_URL."
        ) from None
    return f"postgresql+asyncpg://assay:{password}@127.0.0.1:{port}/assay"


def ready(settings: Settings) -> Settings:
    """Settings with a secret key and a database, for the verbs that need both."""
    settings = with_secret_key(settings)
    return settings.model_copy(update={"database_url": database_url(settings)})


LOGINS: tuple[Login, ...] = ("app", "worker", "hook")


def prepare_database(settings: Settings) -> None:
    """The newest version, and our own logins with passwords that every process can work out. Logins that
    have addresses of their own (ASSAY_DATABASE_URLS) are left to whoever set them. Not from within a loop."""
    migrations.upgrade(settings.database_url, settings=settings)
    ours = [login for login in LOGINS if login not in settings.database_urls]
    passwords = {f"assay_{login}": password_of(settings, login) for login in ours}
    migrations.let_in(settings.database_url, passwords)


async def first_admin(session: AsyncSession) -> None:
    await ensure_admin(session, ADMIN_ID, ADMIN_NAME)
