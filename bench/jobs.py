"""Measures jobs on both databases: what it accepts and finishes, beside Celery and RQ; how long one waits; its cost."""

import contextlib
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import suite
from load import Turns, post_fresh
from memory import family, proportional_set
from peers import Absent
from queues import THREADS, Queues, rate_of
from report import Row
from runner.signals import Signals
from runner.suite import Suite
from snippet import snippet

sys.path.append(str(suite.ROOT))
from mergepoint.jobs import Store
from tests.auth.databases import PostgreSQL

CALL = "/highlight?language=python"
TRIVIAL = f"{CALL}&code=x"  # nginx has the answer
LATER = {"Prefer": "respond-async"}
WORKER = "jobs-worker"
ROUNDS, MANY, TASKS = 3, 1000, 500
RATE, PACED = 100, 3.0  # jobs a second, for so many seconds
LISTENERS = 500
IDLE_SECONDS = 5.0
FSYNCS = 100


def rows(folder: Path, turns: Turns) -> list[Row]:
    (text := folder / "text").write_text(snippet())
    found: list[Row] = []
    try:
        queues = Queues(folder)
    except Absent as reason:
        return [Row("jobs", "skipped", source=str(reason))]
    for name in ("SQLite", "PostgreSQL"):
        with database(name) as (state, url), running(state, url) as (stack, port):
            bench = Bench(name, stack, port, state, url or f"sqlite:///{state}/jobs.db")
            found += bench.rows(text, queues, turns)
    return found


@contextlib.contextmanager
def database(name: str) -> Iterator[tuple[Path, str]]:
    """Yield a folder on a disk, not in memory, and the URL of a database; an empty one for SQLite."""
    with tempfile.TemporaryDirectory(prefix="mergepoint-bench-", dir="/var/tmp") as folder:
        if name == "SQLite":
            yield Path(folder), ""
            return
        cluster = PostgreSQL(Store, sync=True)
        try:
            yield Path(folder), cluster.new()
        finally:
            cluster.stop()


@contextlib.contextmanager
def running(state: Path, url: str) -> Iterator[tuple[Suite, int]]:
    """Run highlight, jobs with its worker, and nginx."""
    port = suite.free_port()
    with suite.prepared(port) as stack:
        for other in {*stack.commands} - {"highlight", "jobs", WORKER, "nginx"}:
            del stack.commands[other]
        stack.environment |= {
            "JOBS_STATE": str(state),
            "JOBS_DATABASE_URL": url,
            "MERGEPOINT_SERVICES": "highlight,jobs",
        }
        suite.run(stack, port, "/jobs/health")
        suite.settle()
        yield stack, port


class Bench:
    """Everything that is measured on one database."""

    def __init__(self, name: str, stack: Suite, port: int, state: Path, url: str) -> None:
        self._name, self._stack, self._port, self._state = name, stack, port, state
        self._url = f"http://127.0.0.1:{port}"
        self._store = Store(url, connections=2)

    def rows(self, text: Path, queues: Queues, turns: Turns) -> list[Row]:
        found = [*self._idle(), *self._accepted(text, turns), *self._finished(queues), *self._listeners()]
        found.append(self._direct())
        self._store.close()
        return [replace(row, what=f"jobs on {self._name}: {row.what}") for row in found]

    def _idle(self) -> Iterator[Row]:
        pids = [pid for name in ("jobs", WORKER) for pid in family(self._stack.processes[name].pid)]
        before, began = cpu_seconds(pids), time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = (cpu_seconds(pids) - before) / (time.monotonic() - began)
        used = sum(map(proportional_set, pids)) / 2**20
        yield Row("memory, idle", f"{used:.0f} MB", "≤ 150 MB", used <= 150, f"PSS of {len(pids)} processes")
        yield Row("processor, idle", f"{share:.1%}", "≤ 2 % of a core", share <= 0.02, f"in {IDLE_SECONDS:.0f} s")
        times = sorted(self._waited(number) for number in range(60))
        p95 = times[int(len(times) * 0.95)] * 1000
        source = f"60 jobs, one after the other; median {statistics.median(times) * 1000:.0f} ms"
        yield Row("202 to done, idle, p95", f"{p95:.0f} ms", "≤ 150 ms", p95 <= 150, source)

    def _waited(self, number: int) -> float:
        """Return the seconds from when a job was accepted until it was done, as the database has them."""
        job = str(self._ask("POST", CALL, f"x = {number}".encode(), **LATER)[1]["Location"])
        while (shown := json.loads(self._ask("GET", job)[2]))["state"] not in ("done", "failed"):
            time.sleep(0.03)
        time.sleep(number % 7 / 50)  # not in step with the worker's looks
        query = "SELECT finished - created FROM jobs WHERE id = '" + shown["id"] + "'"
        return float(self._query(query))

    def _accepted(self, text: Path, turns: Turns) -> Iterator[Row]:
        with self._without_worker():
            measure = post_fresh(self._url + CALL, text, "Prefer: respond-async")
            rates = [measure(turns.seconds) for _ in range(ROUNDS)]
            rate, fsync = statistics.median(rates), fsync_p50(self._state)
            spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
            source = f"bodies of 2 KB, load generator beside it; {spread}; load {others()}"
            yield Row("acknowledged", f"{rate:,.0f}/s", "≥ 300/s", rate >= 300, source)
            times = sorted(self._paced())
            p99, limit = times[int(len(times) * 0.99)] * 1000, max(50.0, 4 * fsync * 1000)
            source = (
                f"median {statistics.median(times) * 1000:.1f} ms; fsync p50 {fsync * 1000:.1f} ms; load {others()}"
            )
            yield Row(f"acknowledged at {RATE}/s, p99", f"{p99:.0f} ms", f"≤ {limit:.0f} ms", p99 <= limit, source)
            self._forget()

    def _paced(self) -> list[float]:
        """Return the seconds that each of RATE jobs a second takes to be accepted."""
        began, body = time.monotonic(), snippet().encode()

        def one(number: int) -> float:
            time.sleep(max(began + number / RATE - time.monotonic(), 0))
            sent = time.monotonic()
            assert self._ask("POST", CALL, body, **LATER)[0] == 202
            return time.monotonic() - sent

        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(one, range(int(RATE * PACED))))

    def _finished(self, queues: Queues) -> Iterator[Row]:
        """Trivial jobs, in turns with Celery: a GET whose answer nginx has. As many at a time as Celery has threads."""
        suite.ask(self._url + TRIVIAL, within=5)
        self._stack.environment["JOBS_CONCURRENCY"] = str(THREADS)
        ours, celery = [], []
        with queues.running(self._url + TRIVIAL):
            for _ in range(ROUNDS):
                ours.append(self._rate(TASKS))
                with self._without_worker():  # which would look for jobs beside it
                    celery.append(queues.celery(TASKS))
            with self._without_worker():
                rq = queues.rq(TASKS // 8)
        del self._stack.environment["JOBS_CONCURRENCY"]
        ratio = statistics.median(a / b for a, b in zip(ours, celery, strict=True))
        names = f"Celery {queues.celery_version}, {THREADS} threads each, acks_late, results kept, Redis"
        source = f"{statistics.median(ours):,.0f}/s ÷ {statistics.median(celery):,.0f}/s; {names}; load {others()}"
        yield Row("finished ÷ Celery, trivial jobs", f"{ratio:.2f}", "≥ 1.5", ratio >= 1.5, source)
        yield Row(f"finished ÷ RQ {queues.rq_version}", f"{statistics.median(ours) / rq:.1f}", source=f"RQ {rq:,.0f}/s")

    def _rate(self, count: int) -> float:
        self._forget()
        with self._without_worker():
            self._put(count, lambda _number: ("GET", TRIVIAL, None))
        return rate_of(count, lambda: self._count("done"))

    def _direct(self) -> Row:
        """A direct request, while jobs of the same service run."""
        self._forget()
        with self._without_worker():
            self._put(MANY, lambda number: ("POST", CALL, snippet(number).encode()))
        times: list[float] = []
        while (left := self._count("queued")) > 50:
            began = time.perf_counter()
            assert self._ask("POST", CALL, snippet(10**6 + len(times)).encode())[0] == 200
            times.append(time.perf_counter() - began)
            time.sleep(0.01)
        p99 = sorted(times)[int(len(times) * 0.99)] * 1000
        source = (
            f"{len(times)} requests; median {statistics.median(times) * 1000:.1f} ms; {left} jobs left; load {others()}"
        )
        return Row("a direct highlight of 2 KB beside 1,000 jobs, p99", f"{p99:.0f} ms", "≤ 100 ms", p99 <= 100, source)

    def _listeners(self) -> Iterator[Row]:
        [pid] = [pid for pid in family(self._stack.processes["jobs"].pid) if listens_for_those_who_wait(pid)]
        before = statistics.median(self._paced())
        with self._without_worker():
            job = str(self._ask("POST", CALL, b"x = 0", **LATER)[1]["Location"])
            listening = Listeners(self._port, f"{job}/events", LISTENERS)
            beside = statistics.median(self._paced())
            used = proportional_set(pid) / 2**20
        late = listening.heard() - float(self._query(f"SELECT finished FROM jobs WHERE id = '{job.split('/')[-1]}'"))
        accepted = f"a job is accepted in {beside * 1000:.1f} ms beside them, before in {before * 1000:.1f} ms"
        source = f"PSS of the program that holds them; {accepted}"
        yield Row(f"{LISTENERS} listeners", f"{used:.0f} MB", "≤ 40 MB", used <= 40, source)
        yield Row("done, until the last of them has heard", f"{late * 1000:.0f} ms", source=f"load {others()}")

    @contextlib.contextmanager
    def _without_worker(self) -> Iterator[None]:
        process = self._stack.processes[WORKER]
        process.terminate()
        process.wait(20)
        yield
        self._stack.restart_ended(Signals())

    def _put(self, count: int, request: Callable[[int], tuple[str, str, bytes | None]]) -> None:
        with ThreadPoolExecutor(8) as pool:
            asked = pool.map(lambda number: self._ask(*request(number), **LATER)[0], range(count))
            assert set(asked) == {202}

    def _ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()

    def _query(self, query: str) -> object:
        with self._store.read() as connection:
            return connection.exec_driver_sql(query).scalar_one()  # type: ignore[no-any-return]

    def _count(self, state: str) -> int:
        return int(str(self._query(f"SELECT count(*) FROM jobs WHERE state = '{state}'")))

    def _forget(self) -> None:
        """Empty the tables, so that each round finds them alike."""
        with self._store.write() as connection:
            connection.exec_driver_sql("DELETE FROM contents")
            connection.exec_driver_sql("DELETE FROM jobs")


class Listeners:
    """*count* connections that hear the events of a job."""

    def __init__(self, port: int, path: str, count: int) -> None:
        self._answers = []
        for _ in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path)
            self._answers.append(connection.getresponse())

    def heard(self) -> float:
        """Return when the last of them has heard all, in seconds since 1970."""
        for answer in self._answers:
            assert b"event: done" in answer.read()
        return time.time()


def listens_for_those_who_wait(pid: int) -> bool:
    """Whether this is the companion: it has no socket in common with its master, but one of its own that listens."""
    names = Path("/proc/net/unix").read_text().splitlines()
    inodes = {line.split()[6] for line in names if line.endswith("waiting/waiting.sock")}
    with contextlib.suppress(OSError):
        return any(os.readlink(path)[8:-1] in inodes for path in Path(f"/proc/{pid}/fd").iterdir())
    return False


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def fsync_p50(folder: Path) -> float:
    """Return the median seconds that this disk takes to keep 4 KB."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(FSYNCS):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def others() -> str:
    """Return the load of the machine, as getloadavg(3) has it for the last minute."""
    return f"{os.getloadavg()[0]:.1f}"
