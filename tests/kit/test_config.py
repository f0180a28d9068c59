"""Settings come from the environment; a bad value ends the program and says what would be right."""

import json
import subprocess
import sys
import tempfile
from typing import Literal

import pytest
from pydantic import Field, field_validator

from mergepoint.kit.config import BaseSettings, SettingsConfigDict, faults, load, unknown
from tests.servers import ROOT


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="toy_", frozen=True, extra="ignore")

    children: int = Field(4, ge=1, le=64)
    name: str = "toy"


def test_without_variables_there_are_defaults() -> None:
    assert load(Settings) == Settings(children=4, name="toy")


def test_variables_have_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_CHILDREN", "7")
    monkeypatch.setenv("CHILDREN", "9")
    assert load(Settings).children == 7


@pytest.mark.parametrize("value", ["many", "0", "65", "", "1.5"])
def test_a_bad_value_ends_the_program_and_names_variable_value_and_expectation(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOY_CHILDREN", value)
    with pytest.raises(SystemExit) as ended:
        load(Settings)
    assert ended.value.code == 78
    said = capsys.readouterr().err
    assert said == f"TOY_CHILDREN={value!r}: a whole number of at least 1 and at most 64 is expected\n"


def test_all_bad_values_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Two(Settings):
        most: int = Field(1, ge=1)

    monkeypatch.setenv("TOY_CHILDREN", "x")
    monkeypatch.setenv("TOY_MOST", "0")
    with pytest.raises(SystemExit):
        load(Two)
    assert [line.partition("=")[0] for line in capsys.readouterr().err.splitlines()] == ["TOY_CHILDREN", "TOY_MOST"]


class Kinds(BaseSettings):
    """A field of each kind."""

    model_config = SettingsConfigDict(env_prefix="toy_")
    several_lines = frozenset({"list"})

    least: int = Field(2, ge=2)
    part: float = Field(1.0, gt=0, le=2)
    on: bool = False
    colour: Literal["red", "green", "blue"] = "red"
    name: str = ""
    list: str = ""
    key: str = Field("", repr=False, pattern="^[0-9]*$", description="digits are expected")
    site: str = ""

    @field_validator("site")
    @classmethod
    def _has_no_user(cls, value: str) -> str:
        if "@" in value:
            raise ValueError(f"{value!r} has a user")
        return value


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEAST", "1", "TOY_LEAST='1': a whole number of at least 2 is expected"),
        ("PART", "nan", "TOY_PART='nan': a number above 0 and at most 2 is expected"),
        ("ON", "maybe", "TOY_ON='maybe': true or false is expected"),
        ("COLOUR", "Red", "TOY_COLOUR='Red': red, green or blue is expected"),
        ("NAME", "a\nb", "TOY_NAME='a\\nb': one line without control characters is expected"),
        ("NAME", "\udcff", r"TOY_NAME='\udcff': text in UTF-8 is expected"),
        ("KEY", "zz", "TOY_KEY=<secret>: digits are expected"),
        ("KEY", "1\n2", "TOY_KEY=<secret>: one line without control characters is expected"),
        ("SITE", "http://u:pw@x", "TOY_SITE='http://<secret>@x': 'http://<secret>@x' has a user"),
        ("PART", "7" * 999, f"TOY_PART='{'7' * 200}…': a number above 0 and at most 2 is expected"),
    ],
)
def test_a_fault_is_told_in_words_of_ours(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TOY_{name}", value)
    assert faults(Kinds) == [said]


def test_a_line_break_at_the_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", "12\n")
    monkeypatch.setenv("TOY_LIST", "a\nb")
    assert (load(Kinds).key, load(Kinds).list) == ("12", "a\nb")


def test_a_name_that_no_setting_has_is_told_with_the_nearest() -> None:
    environment = {"TOY_CHILDERN": "3", "TOY_NAME": "x", "TOYS": "x", "toy_children": "3"}
    said = "TOY_CHILDERN: there is no such setting; the nearest is TOY_CHILDREN"
    assert unknown(Settings, environment) == {"TOY_CHILDERN": said}


def test_what_a_cluster_tells_of_its_services_is_no_setting() -> None:
    names = ["TOY_SERVICE_HOST", "TOY_SERVICE_PORT", "TOY_SERVICE_PORT_HTTP", "TOY_PORT", "TOY_PORT_8000_TCP_ADDR"]
    assert unknown(Settings, dict.fromkeys(names, "x")) == {}


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().children = 3  # type: ignore[misc]


def check(**environment: str) -> tuple[int, list[str]]:
    """Start gunicorn with *environment* and nothing else, as far as it takes to read it; return status and lines."""
    # To a file: a pipe has no end before the sandbox that it prepares has ended too.
    with tempfile.TemporaryFile("w+") as errors:
        ended = subprocess.run(
            [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py"), "--check-config"],
            env={"PATH": "/usr/bin:/bin", **environment},
            stderr=errors,
            timeout=120,
        )
        errors.seek(0)
        return ended.returncode, errors.read().splitlines()


@pytest.mark.parametrize("variable", ["MERGEPOINT_SERVICE", "MERGEPOINT_BIND", "PROMETHEUS_MULTIPROC_DIR"])
@pytest.mark.parametrize("value", ["/nowhere", "x y", "127.0.0.1:99999", "two\nlines"])
def test_gunicorn_does_not_start_with_a_bad_value(variable: str, value: str) -> None:
    status, said = check(**{"MERGEPOINT_SERVICE": "highlight", "HIGHLIGHT_WORKERS": "0"} | {variable: value})
    assert status == 78
    lines = [f"{variable}={value!r}: "] + ([] if variable == "MERGEPOINT_SERVICE" else ["HIGHLIGHT_WORKERS='0': "])
    assert [line.partition(": ")[0] + ": " for line in said] == lines


def test_gunicorn_does_not_start_without_a_service() -> None:
    expected = "MERGEPOINT_SERVICE is not set: the name of a service such as highlight is expected"
    assert check() == (78, [expected])


def test_a_service_warns_of_a_name_that_it_does_not_know() -> None:
    status, [line] = check(MERGEPOINT_SERVICE="highlight", HIGHLIGHT_WORKER="3")
    assert status == 0
    said = json.loads(line)
    assert (said["level"], said["event"]) == ("warning", "unknown setting")
    assert said["detail"] == "HIGHLIGHT_WORKER: there is no such setting; the nearest is HIGHLIGHT_WORKERS"
