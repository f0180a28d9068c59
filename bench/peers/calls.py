"""The same work for Celery and RQ: one HTTP call a task, over a connection of its own, as jobs' worker makes it.

``python calls.py celery|rq COUNT`` queues COUNT of them.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

from celery import Celery

REDIS, URL = os.environ["REDIS"], os.environ["URL"]

app = Celery("calls", broker=REDIS, backend=REDIS)
app.conf.update(broker_connection_retry_on_startup=True, worker_redirect_stdouts=False)


def call() -> str:
    """Return what the suite answers."""
    url = urlsplit(URL)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    connection.request("GET", f"{url.path}?{url.query}", headers={"Connection": "close"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}")
    return body


task = app.task(name="call", acks_late=True)(call)


def main() -> None:
    if sys.argv[1] == "celery":
        for _ in range(int(sys.argv[2])):
            task.delay()
        return
    from redis import Redis
    from rq import Queue

    queue = Queue(connection=Redis.from_url(REDIS))
    for _ in range(int(sys.argv[2])):
        queue.enqueue("calls.call")


if __name__ == "__main__":
    main()
