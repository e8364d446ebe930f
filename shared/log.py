"""Structured logs: one line an event, readable alone, with fields. Never a body, never a secret."""

import logging
import sys
from typing import TextIO

import structlog


def configure(log_format: str, to: TextIO = sys.stderr) -> None:
    """`console` for people, `json` for machines; to standard error, or to an open file.

    Tracebacks never show local variables: those hold tickets."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=to.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
