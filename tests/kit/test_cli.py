"""The command line calls the same tasks: ``python -m mergepoint.kit.cli SERVICE [TASK] [--option=value …] [FILE]``."""

import io
import json
import subprocess
import sys
import types

import pytest

from mergepoint.kit import cli, typed
from tests.kit import toy_service


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the toy service importable as ``mergepoint.shout``."""
    monkeypatch.setitem(sys.modules, "mergepoint.shout", types.ModuleType("mergepoint.shout"))
    monkeypatch.setitem(sys.modules, "mergepoint.shout.config", toy_service)
    monkeypatch.setitem(sys.modules, "mergepoint.shout.service", toy_service)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]):
    def run(*words: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = cli.main(words)
        said = capsysbinary.readouterr()
        return code, said.out, said.err.decode()

    return run


def test_the_content_comes_from_standard_input(run) -> None:
    assert run("shout", "--marks=2", stdin=b"hi") == (0, b"HI!!", "Animal: dog\n")


def test_or_from_a_file(run, tmp_path) -> None:
    (tmp_path / "text").write_bytes("é\r\n".encode())
    assert run("shout", str(tmp_path / "text"))[1] == "É\r\n!".encode()


def test_or_from_an_option(run) -> None:
    assert run("shout", "--text=hi")[1] == b"HI!"


def test_binary_content_is_not_read_as_text(run, tmp_path) -> None:
    (tmp_path / "picture").write_bytes(b"\xff\r\n\x00")
    assert run("shout", "stamp", str(tmp_path / "picture"), "--times=2")[1] == b"\xff\r\n\x00" * 2
    assert run("shout", "stamp", stdin=b"\xff")[1] == b"\xff"


def test_a_dash_is_standard_input(run) -> None:
    assert run("shout", "-", stdin=b"hi")[1] == b"HI!"


def test_a_task_of_the_service_can_be_named(run) -> None:
    assert run("shout", "ping")[:2] == (0, b'{"pong": true}')


def test_a_task_without_content_takes_its_options_as_json(run, tmp_path) -> None:
    options = json.dumps({"shouts": [{"text": "a"}, {"text": "b", "marks": 2}]}).encode()
    (tmp_path / "options.json").write_bytes(options)
    assert run("shout", "pack", str(tmp_path / "options.json"))[1] == b'["A!", "B!!"]'
    assert run("shout", "pack", "-", stdin=options)[1] == b'["A!", "B!!"]'


def test_a_task_of_two_contents_takes_two_files(run, tmp_path) -> None:
    (tmp_path / "high").write_bytes("é".encode())
    (tmp_path / "low").write_bytes(b"")
    both = str(tmp_path / "high"), str(tmp_path / "low")
    assert run("shout", "sing", *both)[1] == "é/".encode()
    assert run("shout", "sing", "-", both[1], stdin=b"a")[1] == b"a/"
    assert run("shout", "sing", "--high=b", both[0])[1] == "b/é".encode()
    assert run("shout", "sing", "--high=b", "--low=c")[1] == b"b/c"


def test_or_one_that_has_all_as_json(run) -> None:
    assert run("shout", "sing", "--times=2", "-", stdin=b'{"high": "a", "low": "b"}')[1] == b"a/ba/b"


def test_there_are_no_more_files_than_contents(run, tmp_path) -> None:
    for words in (
        ("sing", "-", "-", "-"),
        ("sing", "--high=a", "-", "-"),
        ("shout", "--text=a", "-"),
        ("ping", "-", "-"),
    ):
        code, out, err = run("shout", *words)
        assert (code, out, json.loads(err)["code"]) == (1, b"", "invalid_option")


@pytest.mark.parametrize("options", [b"[]", b"{", b"\xff", b'{"shouts": 1, "shouts": 2}'])
def test_options_that_are_no_json_object_are_a_problem(run, options: bytes) -> None:
    code, out, err = run("shout", "pack", "-", stdin=options)
    assert (code, out) == (1, b"")
    assert json.loads(err)["code"] in ("malformed_body", "invalid_encoding", "invalid_option")


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (["--mraks=1"], b"", "unknown_option"),
        (["--marks=x"], b"", "invalid_option"),
        (["--animal=cat"], b"", "unknown_animal"),
        ([], b"\xff", "invalid_encoding"),
        (["--animal=\udcff"], b"", "invalid_encoding"),
        (["/no/such/file"], b"", "invalid_option"),
        (["one", "two"], b"", "invalid_option"),
    ],
)
def test_a_problem_goes_to_standard_error_with_exit_code_1(run, words: list[str], stdin: bytes, code: str) -> None:
    ended, out, err = run("shout", *words, stdin=stdin)
    assert (ended, out) == (1, b"")
    assert json.loads(err)["code"] == code


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["nothing"], ["no.thing"], ["../x"], [""]])
def test_usage_is_told_with_exit_code_2(run, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, b"")
    assert f"usage: {typed.command('mergepoint.kit.cli')} SERVICE" in err


def test_a_fault_inside_a_service_is_not_taken_for_no_service(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("No module named 'missing_library'", name="missing_library")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(ModuleNotFoundError, match="missing_library"):
        run("shout")


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "mergepoint.kit.cli", "highlight", "--language=python", "--nowrap=1"]
    done = subprocess.run(command, input=b"x\r\n", capture_output=True, timeout=30, check=True)
    assert done.stdout == b'<span class="n">x</span>\n'
    assert done.stderr == b"Mergepoint-Language: python\n"
