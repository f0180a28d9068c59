"""One run of the suite, from the first check to the last process."""

import os
from pathlib import Path

from mergepoint.kit import listen

from . import address, descriptors, folder, health, home, record, services, settings
from .output.logs import Logs
from .services import ROOT
from .signals import Signals
from .suite import Suite
from .welcome import welcome

LOOK = 1.0  # seconds between checks of what sends no signal, such as make's end
LAST_LINES = 15
FIRST_PASSWORD = "first-password"  # auth's file with the first administrator's password


def main() -> int:
    """Run until told to end; return the exit status."""
    descriptors.open_standard()
    signals = Signals()
    signals.install()
    descriptors.restore_signals()
    unknown = settings.check(services.services())
    wanted = address.wanted()
    stale = folder.remove_stale()
    address.refuse_taken_port(wanted)
    own_state = home.open_folder(ROOT)
    taken_over = None if "AUTH_STATE" in os.environ else home.take_over(own_state)
    run = folder.make_folder()
    logs = Logs()
    suite = Suite(run, wanted, own_state, logs)
    for line in unknown:
        logs.say("warning", line)
    for path in stale:
        logs.say("warning", f"removed what a killed run had left in {path}")
    if taken_over:
        logs.say("warning", f"the accounts in {taken_over} are this checkout's from now on, in {own_state}")
    try:
        return run_suite(suite, own_state, wanted, signals, logs)
    finally:
        logs.hush()
        if signals.ending:
            logs.show("\nEnding (Ctrl-C again: without waiting for requests under way) …\n", "ending")
        suite.stop(signals)
        folder.remove(run)
        logs.close()


def run_suite(suite: Suite, own_state: Path, wanted: str, signals: Signals, logs: Logs) -> int:
    """Start *suite* and keep it running until told to end; return the exit status."""
    url = suite.environment.get("AUTH_PUBLIC_URL") or listen.origin(wanted)
    record.write(own_state, suite.run, url, suite.names, suite.environment)
    logs.hush()
    logs.say("notice", f"starting {', '.join(suite.commands)}")
    suite.start()
    try:
        if not health.wait_until_healthy(suite, address.reachable(wanted), signals, request_id=logs.own_requests):
            return 0
    except health.NotHealthy as error:
        for name, trouble in error.troubles.items():
            lines = logs.last_lines(name, LAST_LINES)
            logs.say("error", f"{name} {trouble}, so the suite does not start. Its last lines:", last_lines=lines)
        return 1
    file = Path(suite.environment["AUTH_STATE"]) / FIRST_PASSWORD
    password = file if "auth" in suite.names and file.exists() else None  # auth asks its reader to delete it
    logs.show(welcome(url, suite.names, password), f"Mergepoint runs on {url}", url=url, first_password=password)
    logs.speak()
    while not signals.wait(LOOK):
        suite.restart_ended(signals)
    return 0
