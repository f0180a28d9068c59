"""The command of a container's health check: it asks the service for its health. Exit status 0: healthy."""

import http.client
import os
import sys


def main() -> int:
    """Print the service's answer, which ``docker inspect`` then shows; return the exit status."""
    port = int(os.environ["MERGEPOINT_BIND"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", f"/{os.environ['MERGEPOINT_SERVICE']}/health")
        answer = connection.getresponse()
        print(answer.read().decode())
    except (OSError, http.client.HTTPException) as error:
        print(error or type(error).__name__)
        return 1
    return int(answer.status != 200)


if __name__ == "__main__":
    sys.exit(main())
