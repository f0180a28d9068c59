"""Numbers of the queue for ``/metrics``, counted in the database when asked for: by service, never by owner."""

from collections.abc import Callable, Iterable

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from .core import Jobs
from .errors import StoreUnavailable
from .queue import listing

log = structlog.get_logger()


def metrics_of(jobs: Jobs) -> Callable[[], Iterable[Metric]]:
    """Return what counts the jobs; it returns nothing while the database is away."""

    def collect() -> Iterable[Metric]:
        try:
            return [*_depths(jobs), *_outcomes(jobs)]
        except StoreUnavailable as error:
            log.warning("no numbers", detail=str(error.__cause__)[:300])
            return []

    return collect


def _depths(jobs: Jobs) -> Iterable[Metric]:
    depth = GaugeMetricFamily("mergepoint_jobs_depth", "Unfinished jobs", labels=["service", "state"])
    age = GaugeMetricFamily("mergepoint_jobs_oldest_seconds", "Age of the oldest job that may run", labels=["service"])
    with jobs.store.read() as connection:
        now = jobs.clock(connection)
        for row in listing.depths(connection):
            depth.add_metric([row.service, row.state], row.number)
        for row in listing.oldest_ready(connection):
            age.add_metric([row.service], max(now - row.oldest, 0.0))
    return depth, age


def _outcomes(jobs: Jobs) -> Iterable[Metric]:
    labels = ["service", "outcome"]
    seconds = SummaryMetricFamily("mergepoint_jobs_seconds", "Time of the last attempt of finished jobs", labels=labels)
    retries = CounterMetricFamily("mergepoint_jobs_retries", "Attempts of finished jobs after the first", labels=labels)
    with jobs.store.read() as connection:
        for row in listing.outcomes(connection):
            seconds.add_metric([row.service, row.outcome], count_value=row.number, sum_value=row.seconds)
            retries.add_metric([row.service, row.outcome], row.retries)
    return seconds, retries
