"""Settings: read once from the environment, passed on by hand. No other module reads the environment.

Every variable is named in README.md ("Settings").
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Issuer(BaseModel):
    """An OpenID Connect issuer whose access tokens are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    """Exactly as in `iss`; `/.well-known/openid-configuration` is asked below it."""
    audience: str
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"], ...] = (
        "RS256", "ES256", "EdDSA",
    )  # fmt: skip
    token_types: tuple[str, ...] = ("at+jwt", "application/at+jwt")
    """The header `typ` of access tokens (RFC 9068). Issuers that write JWT there: ["JWT"]."""
    clients: tuple[str, ...] = ()
    """`azp` or `client_id` whose tokens are taken; has to be there where a token is for several."""
    roles_claim: str = ""
    """Where the token says its roles, as a path: realm_access.roles. Empty: not looked at."""
    roles: dict[str, str] = {}
    """The issuer's word → our role. With a roles claim, people act only while the token says theirs."""
    scope_claim: str = ""
    """Where the token says its scopes (our actions: tickets.read …); empty: they are not looked at."""
    max_life_s: int = 3600


class RateLimits(BaseModel):
    """Calls a minute of one caller, by kind; 0: no limit. As many may come at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reads: int = Field(default=600, ge=0)
    writes: int = Field(default=120, ge=0)
    graphql: int = Field(default=300, ge=0)
    exports: int = Field(default=10, ge=0)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ASSAY_", populate_by_name=True)

    database_url: str = Field(default="", validation_alias=AliasChoices("DATABASE_URL", "ASSAY_DATABASE_URL"))
    """Any Postgres of version 16 or later; empty: `assay up` starts the embedded one."""

    database_urls: dict[str, str] = {}
    """Where the logins `app`, `worker` and `hook` have addresses of their own (another pooler, passwords
    set by hand), as JSON. Else they are DATABASE_URL with their name and a password made of the secret
    key, which `assay migrate` sets."""

    environment: Literal["development", "production"] = "development"
    """In production, only tokens of OIDC issuers are taken: without one, nothing starts."""

    oidc_issuers: tuple[Issuer, ...] = ()
    """Who issues tokens to people, as JSON; the fields are those of `shared.config.Issuer`. Each subject is
    tied to a person by an administrator."""

    secret_key: SecretStr = SecretStr("")
    """Root of all keys (tokens, cursors, secrets at rest). `assay up` makes one where it is empty."""

    state_dir: Path | None = None
    """Where the embedded Postgres and the generated secret key live."""

    host: str = "127.0.0.1"
    port: int = 8000
    db_pool_size: int = 8
    db_pool_timeout_s: float = 5.0
    """How long a request waits for a free connection; then its caller is told to come again."""
    log_format: str = "console"

    service_urls: dict[str, str] = {}
    """Where the gateway finds services that run apart: {"audit": "http://127.0.0.1:8101", …}."""

    worker_concurrency: int = 4
    worker_max_attempts: int = 8
    worker_lease_s: float = 30.0
    """After a worker was killed, its deliveries are taken up again this much later."""
    worker_backoff_s: float = 2.0
    """Wait before the n-th retry is `worker_backoff_s * 2**(n-1)` seconds, one hour at most."""
    worker_poll_s: float = 0.1

    webhook_freshness_s: int = 300
    """How far a webhook's signed timestamp may be from our clock, both ways."""

    help_desk_hosts: tuple[str, ...] = ()
    """Hosts beside the help desks' own domains whose REST API may be asked, as JSON: ["desk.example.com"],
    with ":8443" where it is another port than 443. An address, as "127.0.0.1", is a host too."""

    inner_networks: tuple[str, ...] = ()
    """Networks of our own to which the names of help desks and issuers may lead, as JSON: ["10.2.0.0/16"].
    All else that is not the public internet is closed."""

    max_body_bytes: int = 1_048_576
    body_timeout_s: float = 10.0
    """How long a request may take to send its body."""
    header_timeout_s: float = 10.0
    """How long a connection may take until the headers of a request are there."""
    graphql_timeout_s: float = 10.0
    """How long a GraphQL operation may take; then it is cancelled, in the database too."""
    graphql_points_a_minute: int = Field(default=50_000, ge=0)
    """What the GraphQL operations of one caller may cost in a minute, in each process; 0: no limit."""
    graphql_operations: Path | None = None
    """The GraphQL documents that clients may ask for by their hash: a file as `assay graphql persist` writes
    it."""
    graphql_allow_list: bool = False
    """Whether nothing is run but those."""
    graphql_introspection: Literal["admins", "everyone", "nobody"] = "admins"
    """Who is told the GraphQL schema."""
    graphql_suggestions: bool = False
    """Whether those who are told the schema are told the nearest names, too, where one is wrong."""
    live_streams: int = Field(default=20, ge=1)
    """How many WebSockets and event streams of one caller may be open in a process."""
    live_recheck_s: float = 60.0
    """How often it is asked, while nothing happens, whether those who follow still may."""
    token_ttl_s: int = 12 * 3600

    notice_days: int = Field(default=14, ge=0)
    """How long a notice to workers has to be out before the signals it covers may be used on them."""
    rate_limits: RateLimits = RateLimits()
    calls_at_once: int = Field(default=20, ge=0)
    """How many calls of one caller may be under way in a process; 0: no limit."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of our own proxies, as JSON: their X-Forwarded-For and -Proto are believed."""

    cors_origins: tuple[str, ...] = ()
    """Other origins whose pages may ask, exactly as browsers say them, as JSON: ["https://qa.example.com"]."""


@lru_cache
def settings_from_environment() -> Settings:
    return Settings()


def asyncpg_url(url: str) -> str:
    """Any of the usual spellings of a Postgres URL → the one SQLAlchemy needs for asyncpg."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url
