"""Numbers of the queue for ``/metrics``, counted in the database when asked for: by service, never by owner."""

from collections.abc import Callable, Collection, Iterable
from itertools import product

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from .core import Jobs
from .errors import StoreUnavailable
from .queue import callbacks, listing
from .queue.job import FINISHED, UNFINISHED

log = structlog.get_logger()


def metrics_of(jobs: Jobs, services: Collection[str]) -> Callable[[], Iterable[Metric]]:
    """Return what counts the jobs; it returns nothing while the database is away.

    *services* are counted from the start, at 0: Prometheus misses the first increase of a number that was not there.
    """

    def collect() -> Iterable[Metric]:
        try:
            return [*_depths(jobs, services), *_outcomes(jobs, services)]
        except StoreUnavailable as error:
            log.warning("no numbers", detail=str(error.__cause__)[:300])
            return []

    return collect


def _depths(jobs: Jobs, services: Collection[str]) -> Iterable[Metric]:
    depth = GaugeMetricFamily("mergepoint_jobs_depth", "Unfinished jobs", labels=["service", "state"])
    age = GaugeMetricFamily("mergepoint_jobs_oldest_seconds", "Age of the oldest job that may run", labels=["service"])
    with jobs.store.read() as connection:
        now = jobs.clock(connection)
        depths = {(row.service, row.state): row.number for row in listing.depths(connection)}
        waiting = callbacks.count_pending(connection)
        ages = {row.service: max(now - row.oldest, 0.0) for row in listing.oldest_ready(connection)}
    for (service, state), number in {**dict.fromkeys(product(services, UNFINISHED), 0), **depths}.items():
        depth.add_metric([service, state], number)
    for service, seconds in {**dict.fromkeys(services, 0.0), **ages}.items():
        age.add_metric([service], seconds)
    return depth, age, GaugeMetricFamily("mergepoint_jobs_callbacks", "Callbacks to be sent", waiting)


def _outcomes(jobs: Jobs, services: Collection[str]) -> Iterable[Metric]:
    labels = ["service", "outcome"]
    seconds = SummaryMetricFamily("mergepoint_jobs_seconds", "Time of the last attempt of finished jobs", labels=labels)
    retries = CounterMetricFamily("mergepoint_jobs_retries", "Attempts of finished jobs after the first", labels=labels)
    with jobs.store.read() as connection:
        rows = {(row.service, row.outcome): row for row in listing.outcomes(connection)}
    for service, outcome in dict.fromkeys([*product(services, FINISHED), *rows]):
        row = rows.get((service, outcome))
        seconds.add_metric(
            [service, outcome], count_value=row.number if row else 0, sum_value=row.seconds if row else 0.0
        )
        retries.add_metric([service, outcome], row.retries if row else 0)
    return seconds, retries
