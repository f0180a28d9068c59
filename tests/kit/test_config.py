"""Settings come from the environment; a bad value ends the program and says what would be right."""

import subprocess
import sys

import pytest
from pydantic import Field

from mergepoint.kit.config import BaseSettings, SettingsConfigDict, load
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
    assert said.startswith(f"TOY_CHILDREN={value!r}: input should be ")
    assert len(said.splitlines()) == 1


def test_all_bad_values_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Two(Settings):
        most: int = Field(1, ge=1)

    monkeypatch.setenv("TOY_CHILDREN", "x")
    monkeypatch.setenv("TOY_MOST", "0")
    with pytest.raises(SystemExit):
        load(Two)
    assert [line.partition("=")[0] for line in capsys.readouterr().err.splitlines()] == ["TOY_CHILDREN", "TOY_MOST"]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().children = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value"), [("HIGHLIGHT_MAX_BYTES", "lots"), ("HIGHLIGHT_WORKERS", "0"), ("HIGHLIGHT_THREADS", "x")]
)
def test_gunicorn_does_not_start_with_a_bad_value(variable: str, value: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py"), "--check-config"],
        env={"PATH": "/usr/bin:/bin", "MERGEPOINT_SERVICE": "highlight", variable: value},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode not in (0, 3)
    assert f"{variable}={value!r}: " in ended.stderr
    assert "Traceback" not in ended.stderr
