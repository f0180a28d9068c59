"""The settings of every service: each is documented, reaches its container, and stops the start with a bad value."""

import pathlib
import re
from collections.abc import Iterator
from typing import Literal, get_origin

import pytest
import yaml
from pydantic.fields import FieldInfo

from mergepoint.kit.config import ServiceSettings, faults, settings_of
from tests.servers import ROOT

SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/mergepoint/*/tasks.py"))
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*)\|", re.MULTILINE)
THEIRS = re.compile(r"input should|string should|pydantic|validation|value error|[Ii]nvalid literal|None|errno")

# For every setting that is a text: one that cannot be right. Free texts there are none.
BAD_TEXTS = {
    "AUTH_DATABASE_URL": "mysql://ada:hidden@db/auth",
    "AUTH_FIRST_ADMIN": "ada@example.com",
    "AUTH_MAIL_FROM": "nobody",
    "AUTH_OIDC": '{"x": {"issuer": "https://x", "client_secret": "hidden"}}',
    "AUTH_ORIGINS": "https://wiki.example.com ftp://hidden@example.com",
    "AUTH_PUBLIC_URL": "http://example.com",
    "AUTH_SMTP_URL": "smtp://ada:hidden@mail:99999",
    "AUTH_STATE": "/dev/null/auth",
    "AUTH_STREAMS": "streams",
    "AUTH_THUMBNAIL_KEY": "hidden",
    "AUTH_THUMBNAIL_SALT": "hidden",
    "HTMLDIFF_SOURCES": "https://ada:hidden@example.com",
    "JOBS_CALLBACKS": "https://ada:hidden@example.com",
    "JOBS_CONCURRENCY": "2 thumbnail=none",
    "JOBS_DATABASE_URL": "mysql://ada:hidden@db/jobs",
    "JOBS_DOOR": "door",
    "JOBS_IDENTITY_KEYS": "ftp://auth/keys",
    "JOBS_SERVICES": "highlight /wiki/",
    "JOBS_STATE": "/dev/null/jobs",
    "JOBS_WAITING": "waiting",
    "THUMBNAIL_KEYS": "hidden",
    "THUMBNAIL_MORE_FORMATS": "psd",
    "THUMBNAIL_PRESETS": "default=msr:100",
    "THUMBNAIL_SALTS": "hidden",
    "THUMBNAIL_SOURCES": "local:///nowhere",
    "THUMBNAIL_WATERMARK": "/dev/zero",
}

# A key is missed where there is its salt only, and the other way round.
PAIRED = {"AUTH_THUMBNAIL_KEY": "AUTH_THUMBNAIL_SALT=", "THUMBNAIL_KEYS": "THUMBNAIL_SALTS="}


def fields(service: str) -> dict[str, FieldInfo]:
    """Return the settings of *service* by their variables."""
    found = settings_of(service).model_fields
    return {f"{service}_{name}".upper(): field for name, field in found.items()}


def bad_values(variable: str, field: FieldInfo, settings: type[ServiceSettings]) -> Iterator[str]:
    """Yield what *variable* must not be: another type, too small, too large, empty, several lines."""
    name = variable.partition("_")[2].lower()
    if name not in settings.several_lines:
        yield "1\n2"
    if field.annotation in (int, float):
        low = next(getattr(one, word) for one in field.metadata for word in ("ge", "gt") if hasattr(one, word))
        high = next(one.le for one in field.metadata if hasattr(one, "le"))
        yield from ("many", "", "nan", str(low - 1), str(high + 1), "9" * 40)
    elif field.annotation is bool:
        yield from ("maybe", "", "2")
    elif get_origin(field.annotation) is Literal:
        yield from ("none", "")
    else:
        yield BAD_TEXTS[variable]


@pytest.mark.parametrize(
    "value",
    ["x" * 5000, "/" + "x" * 5000, "http://[", "local:///" + "x" * 5000, "%", "🦄=🦄", "[" * 5000, "a=" + ":" * 50],
)
@pytest.mark.parametrize("service", SERVICES)
def test_no_value_breaks_the_check(service: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in fields(service):
        monkeypatch.setenv(variable, value)
    said = faults(settings_of(service))
    assert all(len(line) < 1000 for line in said)
    assert not THEIRS.search("\n".join(said))


ALL = [(service, variable) for service in SERVICES for variable in fields(service)]


@pytest.mark.parametrize(("service", "variable"), ALL, ids=[variable for _, variable in ALL])
def test_a_bad_value_is_told(service: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, field = settings_of(service), fields(service)[variable]
    for value in bad_values(variable, field, settings):
        monkeypatch.setenv(variable, value)
        said = "\n".join(faults(settings))
        assert re.match(rf"{variable}=('|<secret>: )", said), value
        assert all(line.startswith(PAIRED.get(variable, variable)) for line in said.splitlines()[1:])
        assert not THEIRS.search(said)
        assert "expected" in said
        assert "hidden" not in said
        assert field.repr or "<secret>" in said


@pytest.mark.parametrize("service", SERVICES)
def test_all_bad_values_are_told_at_once(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(service)
    for variable, field in fields(service).items():
        monkeypatch.setenv(variable, next(bad_values(variable, field, settings)))
    assert [line.partition("=")[0] for line in faults(settings)] == list(fields(service))


@pytest.mark.parametrize("service", SERVICES)
def test_the_defaults_are_good(service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert faults(settings_of(service)) == []


def rows(service: str) -> dict[str, str]:
    """Return what the README's table has: variables and their defaults."""
    return dict(ROW.findall((ROOT / f"services/{service}/README.md").read_text()))


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_has_every_setting_and_no_other(service: str) -> None:
    assert rows(service).keys() == fields(service).keys()


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_has_the_defaults(service: str) -> None:
    told = {variable: default.strip("` ") for variable, default in rows(service).items()}
    for variable, field in fields(service).items():
        if field.default_factory is None and field.default != "":
            assert told[variable] == re.sub(r"\.0$", "", str(field.default)).lower(), variable
        elif field.default == "":
            assert not re.match(r"\d|true|false", told[variable]), variable


@pytest.mark.parametrize("service", SERVICES)
def test_compose_passes_every_setting_on_and_no_other(service: str) -> None:
    entry = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][service]
    assert {name for name in entry["environment"] if not name.startswith("MERGEPOINT_")} == fields(service).keys()


OPERATIONS = (ROOT / "docs/operations.md").read_text()
NGINX_SETTINGS = re.findall(r"^    \[([A-Z_]+) => ('[^']*'|\d+)?", (ROOT / "nginx/settings").read_text(), re.MULTILINE)
# Those that the image, or compose itself, has for nginx's container.
DECIDED_IN_CONTAINERS = {
    "MERGEPOINT_APPLICATIONS", "MERGEPOINT_LISTEN", "MERGEPOINT_METRICS_LISTEN",
    "MERGEPOINT_UPSTREAMS", "MERGEPOINT_USER",
}  # fmt: skip


def test_operations_has_every_setting_of_nginx_with_its_default() -> None:
    told = {name: default.strip("` ") for name, default in ROW.findall(OPERATIONS)}
    assert told.keys() == {name for name, _ in NGINX_SETTINGS}
    for name, default in NGINX_SETTINGS:
        assert not default or told[name] == (default.strip("'") or "none"), name


def test_compose_passes_every_setting_of_nginx_on() -> None:
    entries = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    names = {name for name, _ in NGINX_SETTINGS}
    given = {name for name in entries["nginx"]["environment"] if not name.startswith("THUMBNAIL_")}
    assert given == names - DECIDED_IN_CONTAINERS | {"MERGEPOINT_PUBLISHED"}


def test_nginx_is_told_of_every_port_that_compose_publishes() -> None:
    entries = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ports = [
        port.removesuffix(f":{port.rpartition(':')[2]}")
        for entry in entries.values()
        for port in entry.get("ports", [])
    ]
    assert len(ports) == 2
    told = entries["nginx"]["environment"]["MERGEPOINT_PUBLISHED"].split()
    ports.append("${MERGEPOINT_METRICS_LISTEN:-}")  # which deploy/prometheus/compose.yml publishes
    assert sorted(told) == sorted(f"{re.search('[A-Z_]+', port)[0]}={port}" for port in ports)
    # Who is started after nginx is healthy is not started when nginx refuses.
    for name, entry in entries.items():
        assert (
            not entry.get("ports") or name == "nginx" or entry["depends_on"]["nginx"]["condition"] == "service_healthy"
        )
