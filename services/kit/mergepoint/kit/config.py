"""A service's settings: read from the environment once, at start, and checked before anything else happens."""

import os
import sys
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Settings = TypeVar("Settings", bound=BaseSettings)

__all__ = ["BaseSettings", "SettingsConfigDict", "load"]


def load(settings: type[Settings]) -> Settings:
    """Return *settings* from the environment, or end the program, naming the variable, its value and what it takes."""
    try:
        return settings()
    except ValidationError as error:
        prefix = str(settings.model_config.get("env_prefix", "")).upper()
        for item in error.errors():
            variable = prefix + "_".join(str(part) for part in item["loc"]).upper()
            value = os.environ.get(variable)
            print(f"{variable}={value!r}: {item['msg'].lower()}", file=sys.stderr)
        sys.exit(78)  # EX_CONFIG, sysexits(3): restarting will not help
