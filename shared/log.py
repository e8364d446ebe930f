"""Structured logs: one line an event, readable alone, with fields. Never a body, never a secret."""

import logging
import sys
import traceback
from typing import Any, TextIO

import orjson
import structlog


def configure(log_format: str, to: TextIO = sys.stderr) -> None:
    """`console` for people, `json` for machines; to standard error, or to an open file."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(serializer=_json)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=to.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            where_it_went_wrong,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, _Forwarded) for handler in root.handlers):
        root.addHandler(_Forwarded())


MAX_TOLD = 200


class _Forwarded(logging.Handler):
    """What libraries log, as lines of ours: which of their messages it is, not what they filled in."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        told = record.msg.strip().partition("\n")[0] if isinstance(record.msg, str) else "no words"
        error = record.exc_info[1] if record.exc_info else None
        say = (
            structlog.get_logger().error
            if record.levelno >= logging.ERROR
            else structlog.get_logger().warning
        )
        say(told[:MAX_TOLD], logger=record.name, exc_info=error)


def where_it_went_wrong(
    logger: Any, method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """An exception's kind, its causes' kinds and the lines it passed; not its message and no local
    variables: those quote what people wrote."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is None:
        return event
    lines = traceback.format_tb(error.__traceback__)
    causes = [type(error).__name__]
    while (error := error.__cause__ or error.__context__) is not None:
        causes.append(type(error).__name__)
    event["exception"] = "".join(lines) + " after ".join(causes)
    return event


def _json(event: Any, **how: Any) -> str:
    return orjson.dumps(event, **how).decode()
