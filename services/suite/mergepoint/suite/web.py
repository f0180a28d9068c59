"""The suite for gunicorn, as the command line has set it up. It is no service: nothing in nginx or compose knows it."""

import sys

from mergepoint.kit.config import BAD_CONFIGURATION, load

from .application import Suite
from .config import Settings
from .services import BadSettings


def create_app() -> Suite:
    """Return the suite with the settings of the environment. Its other applications are loaded in each worker."""
    settings = load(Settings)
    try:
        return Suite(settings.names, threads=settings.threads, debug=settings.debug)
    except BadSettings as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)
