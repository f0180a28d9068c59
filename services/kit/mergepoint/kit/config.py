"""Settings: read from the environment once, at start, and checked before anything else happens.

Bad values end the program. Each has a line of its own on standard error: the variable, the value, the expectation. The
value of a field with ``repr=False`` is a secret and is not shown. A variable that looks like a setting and is none
gives a warning.
"""

import difflib
import importlib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin

import pydantic_settings
from annotated_types import Ge, Gt, Le
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict

__all__ = ["BaseSettings", "ServiceSettings", "SettingsConfigDict", "load", "load_all", "settings_of", "unknown"]

BAD_CONFIGURATION = 78  # EX_CONFIG, sysexits(3): restarting will not help
LONGEST_SHOWN = 200  # characters of a value
LONGEST_SAID = 500  # characters of the explanation, which may repeat the value
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Variables that Kubernetes sets in every container for each neighbour (service links); their names begin like ours.
OF_A_CLUSTER = re.compile(r"_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$")


class BaseSettings(pydantic_settings.BaseSettings):
    """Settings from variables that begin with the class's ``env_prefix``. They do not change."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    several_lines: ClassVar[frozenset[str]] = frozenset()
    """The fields, lists and the like, in which a line break is as good as a space."""

    @field_validator("*", mode="before")
    @classmethod
    def _is_one_line(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        value = value.strip()  # the line break that ends a file is in many a secret
        if not value.isascii() and not _is_utf8(value):
            raise ValueError("text in UTF-8 is expected")
        if CONTROL.search(value) and info.field_name not in cls.several_lines:
            raise ValueError("one line without control characters is expected")
        return value


class ServiceSettings(BaseSettings):
    """The settings that every service has; gunicorn.conf.py reads them."""

    companion: ClassVar[str] = ""
    """A program that runs beside the workers, as ``module:function``; see kit.companion."""

    workers: int = Field(2, ge=1, le=256)
    threads: int = Field(32, ge=1, le=1024)


Settings = TypeVar("Settings", bound=BaseSettings)


def load(settings: type[Settings]) -> Settings:
    """Return *settings* from the environment. Bad values end the program with status 78, each with a line on stderr."""
    [loaded] = load_all(settings)
    return loaded


def load_all(*classes: type[Settings]) -> list[Settings]:
    """Return all of *classes* from the environment. Bad values in any of them end the program, as with ``load``."""
    if wrong := [line for settings in classes for line in faults(settings)]:
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)
    return [settings() for settings in classes]


def faults(settings: type[BaseSettings]) -> list[str]:
    """Return a line for every variable of *settings* that has a bad value."""
    try:
        settings()
    except ValidationError as error:
        return [_fault(settings, str(item["loc"][0]), item) for item in error.errors()]
    return []


def unknown(settings: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the names in *environment* that begin like *settings* and are none, each with a warning to print."""
    names = [_variable(settings, field) for field in settings.model_fields]
    prefix = _variable(settings, "")
    strange = (name for name in environment if name.upper().startswith(prefix) and name.upper() not in names)
    return {name: _no_setting(name, names) for name in strange if not OF_A_CLUSTER.search(name)}


def settings_of(service: str) -> type[ServiceSettings]:
    """Return the settings of *service*, or raise LookupError if none is installed by that name."""
    settings: object = getattr(module_of(service, "config"), "Settings", None)
    if not isinstance(settings, type):
        raise LookupError(f"no service is called {service!r}")
    return settings


def module_of(service: str, name: str) -> Any:
    """Return the module *name* of *service*, or raise LookupError if no service that has one is installed."""
    path = f"mergepoint.{service}.{name}"
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if not path.startswith(str(error.name)):
            raise  # the service is there, and lacks something
        raise LookupError(f"no service is called {service!r}") from None


def defaults(settings: type[Settings]) -> Settings:
    """Return *settings* as they are if no variable is set: the limits of a command line are not those of a server."""
    return settings.model_construct()  # type: ignore[return-value]  # pydantic-settings loses the class


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # os.environ has other bytes as lone surrogates
        return False
    return True


def _no_setting(name: str, names: Iterable[str]) -> str:
    [nearest] = difflib.get_close_matches(name.upper(), names, n=1, cutoff=0.0)
    return f"{name}: there is no such setting; the nearest is {nearest}"


def _variable(settings: type[BaseSettings], field: str) -> str:
    return f"{settings.model_config.get('env_prefix', '')}{field}".upper()


def _fault(settings: type[BaseSettings], name: str, item: Any) -> str:
    field = settings.model_fields[name]
    variable = _variable(settings, name)
    said = str(item["ctx"]["error"]) if item["type"] == "value_error" else expectation(field)
    if item["type"] == "missing":
        return f"{variable} is not set: {said}"
    said = _cut(said, LONGEST_SAID)
    return _without_passwords(f"{variable}={_display(item['input'], secret=not field.repr)}: {said}")


def expectation(field: FieldInfo) -> str:
    """Return a sentence on what *field* takes: its description, or what its type and bounds say."""
    kind = field.annotation
    if field.description:
        return field.description
    if get_origin(kind) is Literal:
        *most, last = get_args(kind)
        return f"{', '.join(most)} or {last} is expected"
    if kind is bool:
        return "true or false is expected"
    if kind in (int, float):
        bounds = " and ".join(_bound(one) for one in field.metadata if isinstance(one, Ge | Gt | Le))
        return f"a {'whole ' if kind is int else ''}number {bounds} is expected".replace("  ", " ")
    return "text in UTF-8 is expected"


def _bound(bound: Ge | Gt | Le) -> str:
    match bound:
        case Ge():
            return f"of at least {bound.ge}"
        case Gt():
            return f"above {bound.gt}"
        case _:
            return f"at most {bound.le}"


def _display(value: Any, *, secret: bool) -> str:
    """Return *value* as it may be shown, on one line."""
    text = str(value)
    if secret and text:
        return "<secret>"
    return repr(_cut(text, LONGEST_SHOWN))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _without_passwords(line: str) -> str:
    """Return *line* without the user and password of a URL in it."""
    return re.sub(r"//[^\s/@'\"]*@", "//<secret>@", line)


def main(services: Sequence[str]) -> int:
    """``python -m mergepoint.kit.config SERVICE …`` checks the settings of these services, all at once."""
    classes = [settings_of(service) for service in services]
    for line in (line for settings in classes for line in unknown(settings, os.environ).values()):
        print(f"warning: {line}", file=sys.stderr)
    load_all(*classes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
