"""The shell client: what it sends, what it prints, and how it fails."""

import email
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.clients.faults import FaultServer, Request, refused

SCRIPT = Path(__file__).parents[2] / "clients" / "shell" / "mergepoint"
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
CALLS = ("highlight", "guess", "batch", "stylesheet", "languages", "htmldiff", "apply", "annotate")
CODE = "é = 'a'\r\n\0\n\n"


def run(url: str, *arguments: str, text: str = CODE, **environ: str) -> subprocess.CompletedProcess[bytes]:
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "MERGEPOINT_URL": url, **environ}
    return subprocess.run([SCRIPT, *arguments], input=text.encode(), capture_output=True, env=environ, timeout=20)


def sent(*arguments: str, text: str = CODE, **environ: str) -> Request:
    with FaultServer("ok") as server:
        done = run(server.url, *arguments, text=text, **environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"<b>ok</b>", b"")
        (request,) = server.requests
    return request


def test_the_text_is_the_body_and_the_options_are_the_query():
    title = "a b&c=é'\"$HOME`#%+"
    request = sent("highlight", "--language", "c++", "--hl-lines=3,5-7", "--page", "--title", title, "--style=")

    asked = urlsplit(request.target)
    assert (request.method, asked.path) == ("POST", "/highlight")
    assert parse_qsl(asked.query, keep_blank_values=True) == [
        ("language", "c++"),
        ("hl_lines", "3,5-7"),
        ("page", "1"),
        ("title", title),
        ("style", ""),
    ]
    assert request.body == CODE.encode()
    assert request.headers["content-type"] == "text/plain; charset=utf-8"


def test_plain_options_are_sent_as_other_clients_send_them():
    assert sent("highlight", "--language", "python").target == "/highlight?language=python"


def test_a_file_is_sent_as_it_is(tmp_path):
    file = tmp_path / "@a b"
    file.write_bytes(b"\xff\0\r\n")
    assert sent("highlight", str(file)).body == b"\xff\0\r\n"
    assert sent("highlight", "-", text="").body == b""


@pytest.mark.parametrize("shell", SHELLS)
def test_it_runs_in_every_posix_shell(shell):
    interpreter = [shell, "sh"] if shell == "busybox" else [shell]
    with FaultServer("ok", "unknown language") as server:
        command = [*interpreter, str(SCRIPT), "highlight", "--language", "c++"]
        environ = {"PATH": "/usr/bin:/bin", "MERGEPOINT_URL": server.url, "MERGEPOINT_API_KEY": "k"}
        done = [subprocess.run(command, input=b"x", capture_output=True, env=environ) for _ in "ab"]
    assert [each.returncode for each in done] == [0, 1]
    assert server.requests[0].target == "/highlight?language=%63%2b%2b"


def test_lists_and_style_sheets_are_got():
    for call in ("languages", "formats", "styles"):
        request = sent(call)
        assert (request.method, request.target) == ("GET", f"/highlight/{call}")
    assert sent("stylesheet", "a/b", "--dark", "monokai").target == "/highlight/styles/%61%2f%62.css?dark=monokai"


def test_a_batch_is_json():
    request = sent("batch", text='{"snippets": []}')
    assert (request.target, request.headers["content-type"]) == ("/highlight/batch", "application/json")


def parts(request: Request) -> list[tuple[str, str, bytes]]:
    """Return the name, type and content of each part of a form."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    return [
        (part.get_param("name", header="content-disposition"), part.get_content_type(), part.get_payload(decode=True))
        for part in email.message_from_bytes(head + request.body).get_payload()
    ]


def test_two_documents_are_the_files_of_a_form(tmp_path):
    old, new = tmp_path / '@a;"b', tmp_path / "new.xml"
    old.write_bytes(b"\xff\0\r\n")
    new.write_bytes(b"")
    request = sent("htmldiff", str(old), str(new), "--view", "side-by-side", "--page", "--moved")
    assert (request.method, request.target) == (
        "POST",
        "/htmldiff?view=side-by-side&page=1&moved=1",
    )
    assert parts(request) == [("old", "text/html", b"\xff\0\r\n"), ("new", "text/html", b"")]
    request = sent("apply", "--accept", "1,3", "-", str(new), text="a")
    assert request.target == "/htmldiff/apply?accept=%31%2c%33"
    assert parts(request) == [("old", "text/html", b"a"), ("new", "text/html", b"")]


def test_a_url_stands_for_a_file(tmp_path):
    (tmp_path / "a").write_text("x")
    request = sent("htmldiff", "--old-url", "http://a", str(tmp_path / "a"))
    assert request.target.startswith("/htmldiff?old_url=")
    assert parts(request) == [("new", "text/html", b"x")]
    assert parts(sent("htmldiff", str(tmp_path / "a"), "--new_url=http://a")) == [("old", "text/html", b"x")]
    request = sent("apply", "--old-url", "a", "--new-url", "b", "--accept", "1")
    assert (request.target, request.body) == ("/htmldiff/apply?old_url=a&new_url=b&accept=1", b"{}")


def test_versions_are_json():
    request = sent("annotate", text='{"versions": []}')
    assert (request.target, request.headers["content-type"]) == ("/htmldiff/annotate", "application/json")


def test_guess_takes_its_options():
    assert sent("guess", "--filename", "app.py", "--limit", "3").target == "/highlight/guess?filename=app.py&limit=3"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("unknown language", "did you mean 'kotlin'? (422)"),
        ("html error", "an error without an explanation (502)"),
        ("redirect", "an error without an explanation (302)"),
        ("deep problem", "an error without an explanation (422)"),
    ],
)
def test_an_error_is_printed_and_nothing_else(fault, message):
    with FaultServer(fault) as server:
        done = run(server.url, "highlight", MERGEPOINT_TIMEOUT="1")
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode() == f"mergepoint: {server.url}: {message}\n"


def test_no_answer_has_a_status_of_its_own():
    done = run(refused(), "styles")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"no answer" in done.stderr


@pytest.mark.parametrize("fault", ["hang", "slow body", "truncated", "reset", "garbage"])
def test_a_broken_answer_is_not_printed(fault):
    with FaultServer(fault) as server:
        done = run(server.url, "highlight", MERGEPOINT_TIMEOUT="1")
        assert (done.returncode, done.stdout) == (3, b"")


@pytest.mark.parametrize("fault", ["busy for a second", "limited for a second"])
def test_busy_services_are_asked_again(fault):
    with FaultServer(fault, "ok") as server:
        assert run(server.url, "highlight").stdout == b"<b>ok</b>"
        assert len(server.requests) == 2


def test_a_long_retry_after_is_not_waited_for():
    with FaultServer("busy for an hour") as server:
        assert run(server.url, "highlight").returncode == 1
        assert len(server.requests) == 1


def test_the_key_is_sent_and_not_shown(tmp_path):
    assert sent("styles", MERGEPOINT_API_KEY="s3cret").headers["authorization"] == "Bearer s3cret"
    assert "authorization" not in sent("styles").headers

    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\necho "$@" >&2\n')
    curl.chmod(0o755)
    done = run("http://localhost", "styles", PATH=f"{tmp_path}:/usr/bin:/bin", MERGEPOINT_API_KEY="s3cret")
    assert b"Bearer" not in done.stderr
    assert b"s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize(("url", "key"), [("http://localhost", "a\r\nX: y"), ("http://user:s3cret@localhost", "")])
def test_what_cannot_be_right_is_refused(url, key):
    done = run(url, "styles", MERGEPOINT_API_KEY=key)
    assert done.returncode == 2
    assert b"s3cret" not in done.stderr


def test_curlrc_changes_nothing(tmp_path):
    (tmp_path / ".curlrc").write_text("include\nuser-agent = x\n")
    assert sent("styles", HOME=str(tmp_path)).headers["user-agent"] != "x"


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "highlight --language",
        "highlight a b",
        "stylesheet",
        "htmldiff",
        "apply a",
        "htmldiff a b c",
        "htmldiff --old-url x a b",
    ],
)
def test_wrong_usage_has_a_status_of_its_own(line):
    done = run("http://localhost:1", *line.split())
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr


def test_help_names_every_call():
    for arguments in ([], ["help"], ["--help"], ["highlight", "--help"]):
        done = run("http://localhost:1", *arguments)
        assert done.returncode == 0
        assert all(call in done.stdout.decode() for call in CALLS)


def test_nothing_is_left_in_tmp(tmp_path):
    sent("styles", TMPDIR=str(tmp_path))
    run(refused(), "styles", TMPDIR=str(tmp_path))
    assert list(tmp_path.iterdir()) == []
