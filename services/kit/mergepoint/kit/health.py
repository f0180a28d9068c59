"""Asks the service in this container how it is: the command of its health check. Exit status 0 means well."""

import http.client
import os
import sys


def main() -> int:
    """Print what the service says of itself, which ``docker inspect`` then shows."""
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
