"""The settings of a process of any service: the service's name, its address, the folder of its metrics."""

import contextlib
import os
import re

from pydantic import Field, field_validator

from .config import BaseSettings, ServiceSettings, SettingsConfigDict, load_all, settings_of

ADDRESS = re.compile(r"unix:/[^\s\x00]{1,100}|(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])?:(\d{1,5})")


class Process(BaseSettings):
    """One of a service's processes, under gunicorn."""

    model_config = SettingsConfigDict(env_prefix="mergepoint_")

    service: str = Field(description="the name of a service such as highlight is expected")
    bind: str = "127.0.0.1:8000"

    @field_validator("service")
    @classmethod
    def _is_installed(cls, value: str) -> str:
        try:
            settings_of(value)
        except LookupError:
            raise ValueError("the name of a service that is installed is expected") from None
        return value

    @field_validator("bind")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        found = ADDRESS.fullmatch(value)
        if not found or int(found[1] or 1) not in range(65_536):
            raise ValueError("an address such as 127.0.0.1:8000 or unix:/run/mergepoint/highlight.sock is expected")
        return value


class Metrics(BaseSettings):
    """Where prometheus-client keeps the numbers of all workers, to add them up; by default a temporary folder."""

    model_config = SettingsConfigDict(env_prefix="prometheus_")

    multiproc_dir: str = ""

    @field_validator("multiproc_dir")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        if value and not (os.path.isdir(value) and os.access(value, os.W_OK | os.X_OK)):
            raise ValueError("a folder that this process may write to is expected")
        return value


def read_settings() -> tuple[Process, Metrics, ServiceSettings]:
    """Return the settings of this process and of its service. Bad values end the program, all of them named."""
    classes: list[type[BaseSettings]] = [Process, Metrics]
    with contextlib.suppress(LookupError):  # Process names the error
        classes.append(settings_of(os.environ.get("MERGEPOINT_SERVICE", "").strip()))
    return tuple(load_all(*classes))  # type: ignore[return-value]
