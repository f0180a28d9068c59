"""The threat model names tests; they are there."""

import re

from tests.servers import ROOT

MODEL = (ROOT / "docs/threat-model.md").read_text()


def test_every_test_that_the_threat_model_names_is_there() -> None:
    paths = list((ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+\.py)`", MODEL))
    assert len(named) > 10
    assert named <= {path.name for path in paths}
    everything = "\n".join(path.read_text() for path in paths)
    for test in re.findall(r"`(test_\w+)`", MODEL):
        assert f"def {test}(" in everything, test
