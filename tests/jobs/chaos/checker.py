"""Compares what was acknowledged, what was delivered and what was finished: the rules of a queue that loses nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mergepoint.jobs.queue.changes import Change
from mergepoint.jobs.queue.job import FINISHED, QUEUED, RUNNING
from tests.jobs.chaos.callers import Asked
from tests.jobs.chaos.counting import answer_to
from tests.jobs.chaos.kills import Kill
from tests.jobs.chaos.stack import Row

ANSWER_WITHIN = 3.0  # seconds in which callers are answered, whatever is away
TAKEN_WITHIN = 10.0  # seconds from a kill until a lost job runs again
LOSING = ("worker", "stopped", "told_to_end", "database")  # what may cost a job its worker, or a worker its claim
CALM_AFTER = 5.0  # seconds after a return from which on everybody is accepted


@dataclass
class Report:
    """*faults* are the broken rules, *figures* what was counted."""

    faults: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def add(self, rule: str, faults: Iterable[object]) -> None:
        if found := list(faults):
            self.faults.append(f"{rule}: {len(found)}, such as {found[0]}"[:600])


def check(
    asked: Sequence[Asked],
    rows: Mapping[str, Row],
    bodies: Mapping[str, tuple[bytes, bytes]],
    deliveries: Counter[str],
    kills: Sequence[Kill],
    *,
    slowness: float = 1.0,
) -> Report:
    """Return what was found. *slowness*: how much longer all took than on a machine that works for nobody else."""
    report = Report()
    acknowledged = {str(one.location).removeprefix("/jobs/"): one for one in asked if one.status == 202}
    report.add("acknowledged, but lost", (id for id in acknowledged if id not in rows))
    report.add(
        "another's request", (id for id, one in acknowledged.items() if id in bodies and bodies[id][0] != one.body)
    )
    report.add("not done", (row for row in rows.values() if row.state != "done"))
    report.add("not one result", (row for row in rows.values() if len(list(_ends(row.changes))) != 1))
    report.add("wrong bytes", (id for id, (request, result) in bodies.items() if result != answer_to(request)))
    report.add("never delivered", (id for id, (request, _) in bodies.items() if _word(request) not in deliveries))
    running = in_flight(rows.values(), kills)
    extra = sum(deliveries.values()) - len(rows)
    if extra > running:
        twice = [(word, number) for word, number in deliveries.items() if number > 1]
        report.faults.append(f"{extra} deliveries more than jobs, of {running} in flight at kills: {twice[:5]}")
    again = [seconds for row in rows.values() for seconds in taken_again(row.changes, kills)]
    report.add("taken again too late", (s for s in again if s > TAKEN_WITHIN * slowness))
    _check_callers(report, asked, kills, slowness)
    report.figures |= {
        "asked": len(asked),
        "acknowledged": len(acknowledged),
        "jobs": len(rows),
        "deliveries": sum(deliveries.values()),
        "kills": len(kills),
        "in flight at kills": running,
        "lost and taken again": len(again),
        "taken again after at most, s": round(max(again, default=0.0), 2),
        "503": sum(one.status == 503 for one in asked),
        "no answer": sum(one.status == 0 for one in asked),
        "slowest answer, s": round(max((one.seconds for one in asked), default=0.0), 2),
        "slowness": round(slowness, 2),
    }
    return report


def in_flight(rows: Iterable[Row], kills: Sequence[Kill]) -> int:
    """Return how many jobs ran at the kills, each counted once for a kill; one that stops strikes at its beginning."""
    strikes = [(kill.at, kill.at if kill.kind in ("stopped", "told_to_end") else kill.back) for kill in kills]
    runs = [(start.time, end) for row in rows for start, end in _runs(row.changes)]
    return sum(began <= until and at <= ended for began, ended in runs for at, until in strikes)


def taken_again(changes: Sequence[Change], kills: Sequence[Kill]) -> Iterator[float]:
    """Yield the seconds from the kill of a job's worker until it ran again, for each time that it was lost."""
    for number, change in enumerate(changes):
        if (change.state, change.code) != (QUEUED, "worker_lost"):
            continue
        again = next((later.time for later in changes[number:] if later.state == RUNNING), None)
        began = changes[number - 1].time
        cause = next((kill for kill in kills if kill.kind in LOSING and began <= kill.back), None)
        if again is not None and cause:
            yield again - max(began, cause.at)


def _check_callers(report: Report, asked: Sequence[Asked], kills: Sequence[Kill], slowness: float) -> None:
    report.add("answered too late", (one for one in asked if one.seconds > ANSWER_WITHIN * slowness))
    refused = []
    for one in asked:
        near = [kill for kill in kills if _touches(kill, one, CALM_AFTER * slowness)]
        if one.status == 202 or (one.status == 503 and one.retry_after and any(kill.seen for kill in near)):
            continue
        if one.status == 0 and any(kill.silent for kill in kills if _touches(kill, one, 0.0)):
            continue
        after = round(min((one.began - kill.back for kill in near), default=0.0, key=abs), 2)
        refused.append((after, one))
    report.add("refused, and how many seconds after the nearest return", refused)


def _touches(kill: Kill, one: Asked, after: float) -> bool:
    """Whether a request was there between a kill and some seconds after its return."""
    return one.began <= kill.back + after and kill.at <= one.began + one.seconds


def _runs(changes: Sequence[Change]) -> Iterator[tuple[Change, float]]:
    """Yield the beginning and the end of each attempt."""
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        if change.state == RUNNING:
            yield change, following.time if following else float("inf")


def _ends(changes: Iterable[Change]) -> Iterator[Change]:
    return (change for change in changes if change.state in FINISHED)


def _word(request: bytes) -> str:
    return request.split(b" ", 1)[0].decode()
