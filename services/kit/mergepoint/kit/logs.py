"""Log lines are JSON on standard error, each with the request's id; gunicorn's too. No request bodies in them."""

import logging
import logging.config
import sys
from typing import Any

import structlog

PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(service: str) -> None:
    """Set up structlog and, through the same formatter, the standard library's loggers."""
    logging.config.dictConfig(standard(service))
    configure_structlog(service)


def configure_structlog(service: str) -> None:
    """Set up structlog alone: in a program that is not ours, the standard library's loggers are its own."""
    structlog.configure(
        processors=[*PROCESSORS, _name(service), structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def standard(service: str) -> dict[str, Any]:
    """Return a ``logging.config`` dictionary whose lines look like structlog's; gunicorn takes it as it is."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*PROCESSORS, _name(service)],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "propagate": True},
            "gunicorn.access": {"level": "WARNING", "propagate": True},
        },
    }


def _name(service: str) -> Any:
    """Return a processor that names *service* in lines that name none: one process may hold several."""
    return lambda _logger, _level, event: {"service": service} | event
