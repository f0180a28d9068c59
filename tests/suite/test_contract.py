"""Every contract case through the suite in one process: the same bytes as through nginx."""

import pytest

from mergepoint.suite.application import Suite
from mergepoint.suite.services import NAMES
from tests.contract.faces import http_face, live, wsgi
from tests.contract.runner import Case, check, load
from tests.suite.running import Command

CASES = pytest.mark.parametrize("case", load(*NAMES), ids=str)


@CASES
def test_as_an_application(case: Case, whole: Suite) -> None:
    check(case, http_face(wsgi(whole)))


@CASES
def test_by_its_command(case: Case, one_process: Command) -> None:
    check(case, http_face(live(one_process.url)))
