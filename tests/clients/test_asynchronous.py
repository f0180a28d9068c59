"""The asynchronous client: the faults that every client meets, and what only asyncio can get wrong."""

import asyncio
import gc
import inspect
import io
import pickle
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

from mergepoint.client import (
    AsyncClient,
    AsyncJob,
    AsyncLater,
    Client,
    ConnectionFailed,
    Error,
    InvalidRequest,
    Job,
    Later,
    NotFound,
    Timeout,
    Unauthorized,
    Unavailable,
)
from mergepoint.client.calls import Calls
from tests.clients import scenarios
from tests.clients.faults import JOB, FaultServer
from tests.clients.scenarios import SCENARIOS, Call, Outcome, Scenario
from tests.clients.test_python import described
from tests.clients.test_python_tls import certificate, tls  # noqa: F401 - fixtures
from tests.long import some
from tests.stopwatch import Stopwatch

ID = JOB["id"]
KEY = "s3cret-Key"
# What h11 reads otherwise than http.client: no chunk of size -1 at all, and no line before the whole head is there.
OTHERWISE = {
    "endless chunk": {"last": {"error": "InvalidResponse", "code": "invalid_response"}},
    "garbage": {"last": scenarios.FAILED, "requests": 4},
}


def run(url, options, calls: list[Call]) -> list[Outcome]:
    async def make() -> list[Outcome]:
        outcomes = []
        async with AsyncClient(url, **options) as client:
            for name, arguments in calls:
                began = time.monotonic()
                try:
                    outcome = described(await getattr(client, name)(**arguments))
                except Error as error:
                    outcome = described(error)
                outcomes.append({**outcome, "seconds": time.monotonic() - began})
        return outcomes

    return asyncio.run(make())


@pytest.mark.parametrize("scenario", some(SCENARIOS, always=SCENARIOS[::3]), ids=str)
def test_fault(scenario: Scenario) -> None:
    scenarios.play(scenario._replace(**OTHERWISE.get(scenario.name, {})), run)


def test_what_is_no_head_of_an_answer_is_an_invalid_response() -> None:
    with FaultServer("mail") as server:
        (outcome,) = run(server.url, {}, [scenarios.HIGHLIGHT])
    assert (outcome["error"], len(server.requests)) == ("InvalidResponse", 1)


def test_what_is_sent() -> None:
    scenarios.play_wire(run)


def test_key_is_never_told() -> None:
    scenarios.play_key(run)


def test_server_that_is_down_is_named() -> None:
    scenarios.play_refused(run)


def test_server_that_never_accepts_takes_no_longer_than_the_connect_timeout() -> None:
    scenarios.play_unreachable(run)


def test_connection_is_kept_over_tls(tls) -> None:  # noqa: F811
    with FaultServer("ok", tls=tls) as server:
        outcomes = run(server.url, {}, [scenarios.HIGHLIGHT] * 2)
    assert [outcome["text"] for outcome in outcomes] == ["<b>ok</b>"] * 2
    assert [request.connection for request in server.requests] == [1, 1]


def test_certificate_of_a_stranger_is_refused(tls, monkeypatch) -> None:  # noqa: F811
    monkeypatch.delenv("SSL_CERT_FILE")
    with FaultServer("ok", tls=tls) as server:
        (outcome,) = run(server.url, {"retries": 0}, [scenarios.HIGHLIGHT])
    assert outcome["error"] == "ConnectionFailed"
    assert "certificate verify failed" in outcome["message"]


def test_it_has_the_calls_of_the_other_client() -> None:
    pure = {name for name in vars(Calls) if not name.startswith("_")}
    for has in (Client, AsyncClient, Later, AsyncLater):
        assert pure <= set(dir(has)), has
    for client, sister in ((Client(), AsyncClient()), (Client().later, AsyncClient().later)):
        calls = {name for name in dir(client) if not name.startswith("_")}
        assert calls == {name for name in dir(sister) if not name.startswith("_")}
    for room in ("auth", "jobs"):
        calls = {name for name in dir(getattr(Client(), room)) if not name.startswith("_")}
        assert calls == {name for name in dir(getattr(AsyncClient(), room)) if not name.startswith("_")}
    assert AsyncClient.guess.__doc__ == Client.guess.__doc__
    for name in ("guess", "htmldiff", "thumbnail", "languages"):
        direct, awaited = (inspect.signature(getattr(client, name)) for client in (Client(), AsyncClient()))
        assert (list(direct.parameters), direct.return_annotation) == (
            list(awaited.parameters), awaited.return_annotation
        )  # fmt: skip
        later = inspect.signature(getattr(AsyncClient().later, name)).return_annotation
        assert later == AsyncJob[direct.return_annotation]


def test_environment_changes_nothing(monkeypatch, tmp_path) -> None:
    (tmp_path / "netrc").write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with FaultServer("ok") as server:
        run(server.url, {}, [scenarios.HIGHLIGHT])
    assert "authorization" not in server.requests[0].headers


def test_key_is_in_no_log_or_traceback(caplog) -> None:
    caplog.set_level("DEBUG")

    async def call(url: str) -> Error:
        async with AsyncClient(url, KEY, retries=0) as client:
            with pytest.raises(Error) as caught:
                await client.highlight("x")
            assert KEY not in repr(client) + repr(vars(client))
        return caught.value

    for fault, kind in (("echo", Unauthorized), ("reset", ConnectionFailed)):
        with FaultServer(fault) as server:
            error = asyncio.run(call(server.url))
        assert isinstance(error, kind)
        assert KEY not in caplog.text + "".join(traceback.format_exception(error))
        assert KEY.encode() not in pickle.dumps(error)
        assert KEY not in repr(vars(error.__cause__)) if error.__cause__ else True


def test_what_changes_something_is_sent_once() -> None:
    async def call(url: str) -> None:
        async with AsyncClient(url) as client:
            await client.highlight("x")
            with pytest.raises(ConnectionFailed):
                await client.auth.end_sessions()

    with FaultServer("ok", "hangup") as server:
        asyncio.run(call(server.url))
    assert [(request.method, request.connection) for request in server.requests] == [("POST", 1), ("DELETE", 2)]


# Files


@pytest.mark.parametrize("kind", ["bytes", "path", "file", "pipe"])
def test_a_picture_is_sent_again_from_its_beginning(kind: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    (tmp_path / "picture").write_bytes(b"skipped" + data if kind == "file" else data)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    async def call(url: str) -> None:
        async with AsyncClient(url) as client:
            if kind == "file":
                with (tmp_path / "picture").open("rb") as file:
                    file.seek(7)
                    await client.thumbnail(file, width=1)
                    assert not file.closed
            else:
                given = {"bytes": data, "path": tmp_path / "picture", "pipe": Pipe(data)}[kind]
                await client.thumbnail(given, width=1)

    with FaultServer("busy", "reset", "png") as server:
        asyncio.run(call(server.url))
    assert [request.body == data for request in server.requests] == [True] * 3
    gc.collect()  # a file left open would be a warning, and so an error


# Many at once


def test_more_calls_than_connections_wait_for_their_turn() -> None:
    async def call(url: str) -> list[str]:
        async with AsyncClient(url, timeout=2) as client:
            return [str(text) for text in await asyncio.gather(*(client.highlight(str(n)) for n in range(100)))]

    with FaultServer("ok") as server:
        assert asyncio.run(call(server.url)) == ["<b>ok</b>"] * 100
    assert {request.body.decode() for request in server.requests} == {str(n) for n in range(100)}
    assert {request.connection for request in server.requests} <= set(range(1, 9))


def test_a_call_that_waits_for_its_turn_does_not_run_out_of_time() -> None:
    async def call(url: str) -> list[object]:
        async with AsyncClient(url, timeout=0.4, max_connections=1, retries=0) as client:
            return await asyncio.gather(*(client.highlight("x") for _ in range(4)), return_exceptions=True)

    with FaultServer("hang", "hang", "hang", "ok") as server:
        *late, last = asyncio.run(call(server.url))
    assert [type(error) for error in late] == [Timeout] * 3
    assert last == "<b>ok</b>"


def test_one_failure_leaves_the_others_alone() -> None:
    async def call(url: str) -> list[object]:
        async with AsyncClient(url, retries=0, max_connections=9) as client:
            return await asyncio.gather(*(client.highlight("x") for _ in range(9)), return_exceptions=True)

    with FaultServer("ok", "unknown language", "reset", *["ok"] * 9) as server:
        results = asyncio.run(call(server.url))
    assert len([result for result in results if isinstance(result, InvalidRequest)]) == 1
    assert len([result for result in results if isinstance(result, ConnectionFailed)]) == 1
    assert len([result for result in results if result == "<b>ok</b>"]) == 7


# Cancellation and event loops


def test_cancelled_calls_give_their_places_back() -> None:
    async def call(url: str) -> None:
        async with AsyncClient(url, max_connections=2) as client:
            tasks = [asyncio.create_task(client.highlight("x")) for _ in range(6)]
            await asyncio.sleep(0.3)
            for task in tasks:
                task.cancel()
            assert all(
                isinstance(result, asyncio.CancelledError)
                for result in await asyncio.gather(*tasks, return_exceptions=True)
            )
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.highlight("x"), 0.1)
            assert await client.highlight("x") == "<b>ok</b>"

    with FaultServer("hang", "hang", "hang", "ok") as server:
        asyncio.run(call(server.url))
    assert len(server.requests) == 4
    gc.collect()


def test_a_call_cancelled_amid_its_pause_is_not_tried_again() -> None:
    async def call(url: str) -> None:
        async with AsyncClient(url) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.highlight("x"), 0.3)
            await asyncio.sleep(1)

    with FaultServer("busy for a second") as server:
        asyncio.run(call(server.url))
    assert len(server.requests) == 1


def test_a_client_serves_one_loop_after_the_other() -> None:
    async def call(client: AsyncClient) -> str:
        text = await client.highlight("x")
        await client.close()
        return text + await client.highlight("y")  # a client can be used after close

    with FaultServer("ok") as server:
        client = AsyncClient(server.url)

        async def once() -> str:
            async with client:
                return await call(client)

        assert [asyncio.run(once()) for _ in range(2)] == ["<b>ok</b><b>ok</b>"] * 2


def test_the_loop_goes_on_while_a_call_waits() -> None:
    async def call(url: str) -> int:
        ticks = 0
        async with AsyncClient(url, timeout=0.5, retries=0) as client:
            task = asyncio.create_task(client.highlight("x"))
            while not task.done():
                await asyncio.sleep(0.01)
                ticks += 1
            with pytest.raises(Timeout):
                await task
        return ticks

    with FaultServer("hang") as server, Stopwatch() as watch:
        assert asyncio.run(call(server.url)) > 20 / watch.slowness


# Jobs


def test_a_job_is_waited_for_and_read_as_the_direct_call_is() -> None:
    async def call(url: str) -> None:
        async with AsyncClient(url) as client:
            job = await client.later(at="2030-01-01T00:00:00Z", attempts=2, deadline=9).highlight("x", language="c")
            assert (job.id, job.state, job.progress) == (ID, "queued", None)
            with pytest.raises(Unavailable):  # as the direct call; and it is not asked for again
                await job.result()
            assert job.state == "done"

    with FaultServer("busy", "accepted", "running", "done", "its 503") as server:
        asyncio.run(call(server.url))
    first, second, *others = server.requests
    assert first.headers == second.headers
    assert len(first.headers["idempotency-key"]) >= 22
    assert [first.headers[f"mergepoint-{name}"] for name in ("at", "attempts", "deadline")] == [
        "2030-01-01T00:00:00Z", "2", "9"
    ]  # fmt: skip
    assert [request.target for request in others] == [f"/jobs/{ID}"] * 2 + [f"/jobs/{ID}/result"]


def test_waiting_ends_and_the_job_goes_on() -> None:
    async def call(url: str) -> None:
        async with AsyncClient(url) as client:
            job = await client.later.highlight("x")
            with pytest.raises(Timeout, match=f"job {ID} is running"):
                await job.wait(timeout=0.3)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(job.wait(), 0.3)

    with FaultServer("accepted", "running") as server:
        asyncio.run(call(server.url))
    assert {request.method for request in server.requests[1:]} == {"GET"}


def test_jobs_of_the_suite_by_both_clients(suite) -> None:
    async def call() -> None:
        async with AsyncClient(suite.url) as client:
            jobs = await asyncio.gather(*(client.later.highlight(f"print({n})", language="c") for n in range(20)))
            texts = await asyncio.gather(*(job.result(60) for job in jobs))
            assert texts == await asyncio.gather(*(client.highlight(f"print({n})", language="c") for n in range(20)))
            again = await client.jobs.replay(jobs[0].id)
            assert (await again.wait(60)).about["replay_of"] == jobs[0].id
            assert await (await client.jobs.get(again.id)).result() == texts[0].encode()
            assert (await again.cancel()).state == "done"
            with pytest.raises(NotFound):
                await client.jobs.get("A" * 22)
            known: Job[bytes] = await asyncio.to_thread(Client(suite.url).jobs.get, again.id)
            assert known.state == "done"

    asyncio.run(call())


def test_without_its_library_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['httpx'] = sys.modules['httpx2'] = None\n"
        "import mergepoint.client\n"
        "assert mergepoint.client.Client\n"
        "mergepoint.client.AsyncClient"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (
        done.stderr.splitlines()[-1] == "ImportError: AsyncClient needs httpx2: pip install 'mergepoint-client[async]'"
    )


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with FaultServer("ok") as server:
        run(server.url, {}, [scenarios.HIGHLIGHT])
    assert threading.active_count() <= before
