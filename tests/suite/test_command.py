"""``python -m mergepoint.suite``: its options, its processes, its log."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from mergepoint.suite.command import is_loopback
from tests.servers import ROOT, alive, descendants, kill, wait_for
from tests.suite.running import Command


def refused(*options: str, **environment: str) -> str:
    """Run the command, which does not start; return what it says."""
    command = [sys.executable, "-m", "mergepoint.suite", *options]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode, done.stderr
    assert not any(line.startswith("Traceback") for line in done.stderr.splitlines())
    return done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "hilight"], "'hilight' is none of highlight, htmldiff, thumbnail, auth"),
        (["--only", "jobs"], "'jobs' is none of"),
        (["--listen", "nowhere:99999"], "argument --listen: 'nowhere:99999' is no address"),
        (["--listen", "a b:1"], "argument --listen:"),
        (["--mount", "shop=a:b"], "argument --mount: 'shop' does not begin with '/'"),
        (["--mount", "/shop/=a:b"], "argument --mount: '/shop/' ends with '/'"),
        (["--mount", "/shop"], "argument --mount: '/shop': a value such as"),
        (["--mount", "/shop=module"], "argument --mount: '/shop=module': a value such as"),
        (["--mount", "/health=a:b"], "argument --mount: '/health': the paths below /health are the suite's own"),
        (["--mount", "/auth/x=a:b"], "argument --mount: '/auth/x': the paths below /auth are the suite's own"),
        (["--mount", "/a=b:c", "--mount", "/a=d:e"], "argument --mount: '/a' is there twice"),
        (["--listen", "0.0.0.0:80", "--debug"], "argument --debug: whoever reaches 0.0.0.0:80"),
        (["--profile", "/proc/nothing"], "argument --profile: '/proc/nothing'"),
    ],
)
def test_a_bad_option_is_named(options: list[str], said: str) -> None:
    assert said in refused(*options)


def test_bad_settings_of_any_service_are_named_before_anything_starts() -> None:
    said = refused(HIGHLIGHT_MAX_BYTES="many", THUMBNAIL_CHILDREN="0")
    assert [line.partition("=")[0] for line in said.splitlines()] == ["HIGHLIGHT_MAX_BYTES", "THUMBNAIL_CHILDREN"]


def test_an_application_that_cannot_be_loaded_is_named() -> None:
    said = refused("--only", "htmldiff", "--listen", "127.0.0.1:0", "--mount", "/shop=nowhere:app")
    assert "--mount /shop=nowhere:app: ModuleNotFoundError: No module named 'nowhere'" in said.replace('\\"', '"')


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1:80", True), ("[::1]:80", True), ("localhost:80", True), ("unix:/run/s", True), ("127.9.9.9:1", True),
     ("0.0.0.0:80", False), ("[::]:80", False), ("10.0.0.1:80", False), ("example.com:80", False), (":80", False)],
)  # fmt: skip
def test_addresses_beyond_this_machine_are_known(address: str, loopback: bool) -> None:
    assert is_loopback(address) == loopback or address == ":80"


def test_a_listen_beyond_loopback_says_what_is_missing() -> None:
    command = Command("--only", "htmldiff")
    command._command[command._command.index("--listen") + 1] = f"0.0.0.0:{command.port}"
    command.start()
    said = command.log.read_text()
    assert command.stop() == 0
    assert "no cache, no limit for each address" in said


def test_a_service_that_is_not_installed_is_named_once_and_404(tmp_path: pathlib.Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('mergepoint.thumbnail'):\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    command = Command("--only", "thumbnail,htmldiff", PYTHONPATH=str(tmp_path)).start()
    try:
        reply = command.request("GET", "/thumbnail/health")
        assert (reply.status, reply.json["detail"]) == (
            404,
            "the service thumbnail does not run here: it is not installed",
        )
        assert command.request("GET", "/health").json["services"].keys() == {"htmldiff"}
        named = [line for line in command.log.read_text().splitlines() if "thumbnail" in line]
        assert len(named) == 1
        assert json.loads(named[0])["level"] == "warning"
    finally:
        command.stop()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_signal_leaves_no_process_behind(number: int) -> None:
    command = Command("--only", "htmldiff,auth").start()
    assert command.request("GET", "/htmldiff?old=a&new=b").status == 200
    assert len(command.processes()) > 4
    assert command.stop(number) == (-signal.SIGKILL if number == signal.SIGKILL else 0)


@pytest.mark.long
def test_ctrl_c_while_it_starts_leaves_nothing_behind() -> None:
    command = Command("--only", "highlight,htmldiff")
    with command.log.open("wb") as log:
        command.process = subprocess.Popen(
            command._command, cwd=ROOT, env=command._environment, stdout=log, stderr=log, process_group=0
        )
    wait_for(lambda: zygotes(command), seconds=60)
    started = command.processes()
    os.killpg(command.process.pid, signal.SIGINT)
    assert command.process.wait(30) in (0, 130, -signal.SIGINT)
    wait_for(lambda: not any(map(alive, started)), seconds=30)
    assert "Traceback" not in command.log.read_text()


def zygotes(command: Command) -> set[int]:
    """The processes from which children are forked: each leads a group of its own."""
    return {pid for pid in command.processes() if os.getpgid(pid) == pid}


def test_sandboxes_are_forked_while_there_is_one_thread(tmp_path: pathlib.Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "fork = os.fork\n"
        "def counted():\n"
        f"    with open({str(tmp_path / 'threads')!r}, 'a') as file:\n"
        "        file.write(str(len(os.listdir('/proc/self/task'))) + '\\n')\n"
        "    return fork()\n"
        "os.fork = counted\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = Command(PYTHONPATH=str(tmp_path))
    command._environment = {**environment, "PYTHONPATH": str(tmp_path), "AUTH_STATE": str(command.folder / "auth")}
    command.start()
    try:
        counts = (tmp_path / "threads").read_text().split()
        assert len(counts) > 5  # three zygotes, their children, the worker, auth's preparation
        assert set(counts) == {"1"}
        assert len(zygotes(command)) == 3
        assert not [line for line in command.lines() if line["event"] == "started late"]
    finally:
        command.stop()


def test_a_killed_zygote_is_replaced_and_the_others_go_on(one_process: Command) -> None:
    workers = one_process.workers()
    for zygote in zygotes(one_process):
        below = descendants(zygote)
        kill(zygote)
        wait_for(lambda zygote=zygote: not alive(zygote))
        for pid in filter(alive, below):
            kill(pid)
        wait_for(one_process.is_healthy, seconds=60)
    for path in ("/highlight?code=x", "/htmldiff?old=a&new=b"):
        wait_for(lambda path=path: one_process.request("GET", path).status == 200)
    assert one_process.workers() == workers
    assert len(zygotes(one_process)) >= 3


def test_a_log_line_names_the_service_that_wrote_it(one_process: Command) -> None:
    asked = {"highlight": "/highlight?language=none", "htmldiff": "/htmldiff?x=1", "thumbnail": "/thumbnail/a/b",
             "auth": "/auth/nothing", "/toys": "/toys/before"}  # fmt: skip
    for name, path in asked.items():
        one_process.request("GET", path, headers={"X-Request-Id": f"log-{name.strip('/')}"})
    wanted = {f"log-{name.strip('/')}": name for name in asked}
    wait_for(lambda: wanted == {
        line["request_id"]: line["service"] for line in one_process.lines() if line.get("request_id") in wanted
    })  # fmt: skip
    assert {line["service"] for line in one_process.lines() if "gunicorn" in line["event"]} == {"suite"}


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("before", 500, None), ("exit", 500, None), ("within", 500, None), ("twice", 500, None), ("never", 500, None),
        ("nothing", 500, None), ("text", 500, None), ("replaced", 418, b"replaced"),
        ("first", 0, b""), ("after", 0, b"a piece"), ("written", 0, b"written"),
    ],
)  # fmt: skip
def test_an_application_that_fails_breaks_nothing_else(
    path: str, status: int, body: bytes | None, one_process: Command
) -> None:
    """0 is a connection that is cut: *body* has gone already."""
    workers = one_process.workers()
    began = time.monotonic()
    if status == 0:
        with pytest.raises((http.client.HTTPException, ConnectionError)) as cut:
            one_process.request("GET", f"/toys/{path}")
        assert getattr(cut.value, "partial", b"") in (b"", body)
    else:
        reply = one_process.request("GET", f"/toys/{path}")
        assert reply.status == status
        names = [name.lower() for name in reply.headers]
        assert len(names) == len(set(names))
        if body is None:
            assert reply.json["code"] == "internal_error"
            assert reply.headers["Content-Type"] == "application/problem+json"
        else:
            assert reply.body == body
    assert time.monotonic() - began < 10
    assert one_process.request("GET", "/toys/well").status == 200
    assert one_process.workers() == workers


@pytest.mark.long
def test_profiles_are_written_for_each_request(tmp_path: pathlib.Path) -> None:
    command = Command("--only", "htmldiff", "--profile", str(tmp_path / "profiles")).start()
    command.request("GET", "/htmldiff?old=a&new=b")
    command.request("GET", f"/{'x/' * 500}..%00/%F0")
    command.stop()
    names = [path.name for path in (tmp_path / "profiles").iterdir()]
    assert any("GET.htmldiff" in name for name in names)
    assert any("x.x" in name for name in names)


def test_the_debugger_shows_errors_of_applications_and_services() -> None:
    command = Command("--only", "htmldiff", "--debug", "--mount", "/toys=tests.suite.toys:application").start()
    try:
        reply = command.request("GET", "/toys/before")
        assert reply.status == 500
        assert b"ValueError" in reply.body
        assert b"Werkzeug" in reply.body
        assert command.request("GET", "/htmldiff?x=1").status == 422
        assert command.request("GET", "/toys/well").status == 200
    finally:
        command.stop()
