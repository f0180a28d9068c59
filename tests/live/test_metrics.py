"""`make metrics`, and what is made of it: documents, rules and the dashboard name what there is, and explain it all."""

import json
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.live.suite import Suite
from tests.servers import ROOT, Connection

SERVICES = {path.parent.name for path in ROOT.glob("services/*/README.md")} - {"kit", "suite"}
PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARD = ROOT / "deploy/grafana/mergepoint.json"
NAME = re.compile(r"\b(?:mergepoint|nginx)_[a-z_]+\b(?:\{([^}]*)\})?")
BY = re.compile(r"\bby \(([^)]*)\)")


@pytest.fixture(scope="module")
def families(suite: Suite) -> list[Metric]:
    """What `make metrics` shows after every service had something to do."""
    connection = Connection(suite.port)
    for target, body, kind in (
        ("/highlight?language=python", b"x = 1", "text/plain"),
        ("/htmldiff", b'{"old": "a", "new": "b"}', "application/json"),
        ("/highlight?language=klingon", b"x = 1", "text/plain"),
    ):
        connection.request("POST", target, body, {"Content-Type": kind})
    connection.close()
    said = subprocess.run(
        ["make", "-s", "metrics"], cwd=ROOT, env={**os.environ, "XDG_STATE_HOME": str(suite.state)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    return list(text_string_to_metric_families(said.stdout))


@pytest.fixture(scope="module")
def labels(families: list[Metric]) -> dict[str, set[str]]:
    """The names of all samples, each with the labels that it has."""
    found: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> Iterator[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable.get("definition", "") for variable in dashboard["templating"]["list"])
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def test_all_services_are_up_and_well(families: list[Metric]) -> None:
    found = {family.name: family for family in families}
    for name in ("mergepoint_up", "mergepoint_healthy"):
        assert {sample.labels["service"]: sample.value for sample in found[name].samples} == dict.fromkeys(SERVICES, 1)
    said = {sample.labels["service"] for sample in found["mergepoint_requests"].samples}
    assert said == SERVICES


def test_every_sample_says_whose_it_is(families: list[Metric]) -> None:
    assert all(sample.labels.get("service") for family in families for sample in family.samples)
    assert len({family.name for family in families}) == len(families)


def test_every_name_and_label_that_a_document_uses_is_there(labels: dict[str, set[str]]) -> None:
    used = list(expressions())
    assert len(used) > 12
    for expression in used:
        names = [found for found in NAME.finditer(expression) if not expression.startswith("label_values")]
        for found in names:
            name = found[0].partition("{")[0]
            assert name in labels, expression
            matched = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", found[1] or "")
            grouped = [word for by in BY.findall(expression) for word in re.split(r",\s*", by)]
            assert {*matched, *grouped} <= labels[name], expression
    assert "service" in labels["mergepoint_up"]  # of the dashboard's list


def test_the_legend_of_a_panel_has_labels_that_are_left() -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            grouped = {word for by in BY.findall(target["expr"]) for word in re.split(r",\s*", by)}
            assert shown <= (grouped or {"service"}), target


def test_every_outcome_that_is_asked_for_is_one_that_there_is() -> None:
    told = set(re.findall(r'outcome[!=~]+"(\w+)"', "".join(expressions())))
    source = (ROOT / "services/kit/mergepoint/kit/sandbox/child.py").read_text()
    assert told <= {"Done", *re.findall(r"^class (\w+)\(SandboxError\)", source, re.MULTILINE)}


def test_every_metric_is_explained_with_its_labels(families: list[Metric]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    told = {name: set(labels.split(", ")) for name, labels in rows if name.startswith(("mergepoint_", "nginx_"))}
    there = {
        family.name + ("_total" if any(sample.name == f"{family.name}_total" for sample in family.samples) else ""): {
            label for sample in family.samples for label in sample.labels
        }
        for family in families
    }
    assert told == there


def test_prometheus_is_told_an_address_that_the_setting_opens() -> None:
    [job] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    [[target]] = [config["targets"] for config in job["static_configs"]]
    assert job.get("metrics_path", "/metrics") == "/metrics"
    port = target.rpartition(":")[2]
    assert f"MERGEPOINT_METRICS_LISTEN={port} make run" in (ROOT / "docs/operations.md").read_text()
    nginx = yaml.safe_load((PROMETHEUS / "compose.yml").read_text())["services"]["nginx"]
    assert nginx["ports"] == [f"${{MERGEPOINT_METRICS_LISTEN:-{target}}}:{port}"]
    assert nginx["environment"]["MERGEPOINT_METRICS_LISTEN"] == f"*:{port}"
    for file in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["rule_files"]:
        assert (PROMETHEUS / file).is_file()


def test_links_in_the_document_lead_somewhere() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    for link in re.findall(r"\]\((\.\./[^)#]+)\)", text):
        assert (ROOT / "docs" / pathlib.Path(link)).resolve().exists(), link
