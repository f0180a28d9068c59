"""What the containers are allowed, asked of Docker and tried from within."""

import importlib
import json
import re

import pytest

from tests.servers import ROOT
from tests.stack.compose import Stack

FETCHING = {"auth", "htmldiff", "thumbnail"}  # from allowed places only, none by default
OURS = sorted(path.parent.name for path in ROOT.glob("services/*/mergepoint/*/config.py") if "kit" not in path.parts)
MOST_MEMORY = {"thumbnail": 4 << 30}  # two large pictures at once: the child of each may have 1.5 GB
ALL = ["nginx", "postgres", "jobs-worker", *OURS]
OF_CONTAINERS = {"AUTH_STATE", "AUTH_STREAMS", "JOBS_DOOR", "JOBS_IDENTITY_KEYS", "JOBS_STATE", "JOBS_WAITING"}


@pytest.fixture(params=ALL)
def service(request):
    return request.param


@pytest.fixture(params=OURS)
def our(request):
    return request.param


def test_all_of_them_are_tested(stack: Stack):
    assert sorted(stack.compose("config", "--services").split()) == sorted(ALL)


def test_process_has_no_rights(stack: Stack, service):
    status = stack.execute(stack.ids(service)[0], "cat", "/proc/1/status").stdout
    facts = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    assert "0" not in facts["Uid"].split() + facts["Gid"].split()
    assert {int(facts[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"  # Docker's filter of system calls


@pytest.mark.parametrize("path", ["/", "/opt/mergepoint", "/usr/local/bin", "/var/tmp", "/etc"])
def test_root_file_system_is_read_only(stack: Stack, service, path):
    mounts = stack.execute(stack.ids(service)[0], "cat", "/proc/mounts").stdout
    root = next(line.split() for line in mounts.splitlines() if line.split()[1] == "/")
    assert "ro" in root[3].split(",")
    assert stack.execute(stack.ids(service)[0], "touch", f"{path}/new").returncode != 0


def test_memory_processes_and_logs_are_bounded(stack: Stack, service):
    host = stack.inspect(service)[0]["HostConfig"]
    assert 0 < host["Memory"] <= MOST_MEMORY.get(service, 2 << 30)
    assert 0 < host["PidsLimit"] <= 512
    assert host["LogConfig"]["Config"].keys() >= {"max-size", "max-file"}
    assert not host["Privileged"]
    assert not host["Binds"]


def test_it_is_healthy_by_a_command_of_ours(stack: Stack, service):
    container = stack.inspect(service)[0]
    assert container["State"]["Health"]["Status"] == "healthy"
    assert "curl" not in json.dumps(container["Config"]["Healthcheck"])
    assert container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_health_check_notices_that_a_service_is_away(stack: Stack, our):
    container = stack.ids(our)[0]
    check = ["python", "-m", "mergepoint.kit.health"]
    away = stack.execute(container, "env", "MERGEPOINT_BIND=:1", *check)
    unknown = stack.execute(container, "env", "MERGEPOINT_SERVICE=none", *check)
    assert (away.returncode, away.stdout, away.stderr) == (1, "[Errno 111] Connection refused\n", "")
    assert unknown.returncode == 1
    assert "not_found" in unknown.stdout


def test_health_check_notices_that_nginx_is_away(stack: Stack):
    away = stack.execute(stack.ids("nginx")[0], "/opt/mergepoint/nginx/health", "/nowhere")
    assert away.returncode != 0
    assert "No such file" in away.stderr


def test_only_nginx_publishes_a_port(stack: Stack):
    ports = {
        container["Config"]["Labels"]["com.docker.compose.service"]: container["NetworkSettings"]["Ports"]
        for container in stack.inspect()
    }
    published = {(name, port): where for name, of in ports.items() for port, where in of.items() if where}
    assert published == {("nginx", "8080/tcp"): [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}


def test_service_has_no_way_out_unless_it_fetches(stack: Stack, our):
    networks = stack.inspect(our)[0]["NetworkSettings"]["Networks"]
    ways_out = [name for name in networks if not stack.network(name)["Internal"]]
    assert len(ways_out) == (our in FETCHING)


def test_the_door_is_for_workers_alone(stack: Stack):
    ask = "import socket; socket.create_connection(('door', 8090), 3).close()"
    assert stack.execute(stack.ids("jobs-worker")[0], "python", "-c", ask).returncode == 0
    for our in OURS:
        assert stack.execute(stack.ids(our)[0], "python", "-c", ask).returncode != 0, our
    networks = stack.inspect("jobs-worker")[0]["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{stack.project}_door", f"{stack.project}_callbacks"}  # these go out


def test_metrics_are_for_the_inside(stack: Stack, our):
    assert stack.request("GET", "/metrics").status == 404
    assert stack.request("GET", f"/{our}/metrics").status == 404
    ask = f"from urllib.request import urlopen; print(urlopen('http://{our}:8000/metrics').read().decode())"
    assert "mergepoint_requests_total" in stack.execute(stack.ids(our)[0], "python", "-c", ask).stdout


def test_links_that_commands_print_lead_to_where_the_suite_is(stack: Stack):
    [auth] = stack.ids("auth")
    command = ("python", "-m", "mergepoint.auth")
    assert "usage: python -m mergepoint.auth" in stack.execute(auth, *command, "--help").stdout
    stack.execute(auth, *command, "create-user", "grace")
    link = stack.execute(auth, *command, "reset-password", "grace").stdout
    assert link.startswith(f"http://localhost:{stack.port}/auth/password?token=")


def test_images_hold_nothing_that_builds(stack: Stack, our):
    found = stack.execute(stack.ids(our)[0], "sh", "-c", "ls /build /opt/mergepoint/lib/*/site-packages").stdout
    assert "gunicorn" in found
    assert not {"pip", "setuptools", "wheel"} & set(found.split())


def test_every_setting_passes_through(docker):
    """What render takes and what the services take, but for what belongs to the containers themselves."""
    image = set(re.findall(r"(MERGEPOINT_\w+)=", (ROOT / "nginx/Dockerfile").read_text()))
    table = set(re.findall(r"^    \[([A-Z_]+) =>", (ROOT / "nginx/settings").read_text(), re.MULTILINE))
    settings = {our: settings_of(our) - OF_CONTAINERS for our in OURS}
    settings["nginx"] = table - image - {"MERGEPOINT_APPLICATIONS", "MERGEPOINT_USER"}
    settings["nginx"].remove("MERGEPOINT_METRICS_LISTEN")  # deploy/prometheus/compose.yml opens it
    given = dict.fromkeys(set().union(*settings.values()), "7")
    services = json.loads(Stack(**given).compose("config", "--format", "json"))["services"]
    for name, variables in settings.items():
        assert services[name]["environment"].items() >= dict.fromkeys(variables, "7").items()


def settings_of(our: str) -> set[str]:
    """The variables that *our* service takes, gunicorn's too."""
    fields = importlib.import_module(f"mergepoint.{our}.config").Settings.model_fields
    return {f"{our.upper()}_{name.upper()}" for name in (*fields, "WORKERS", "THREADS")}


def test_a_bad_value_is_named_and_ends_the_program(stack: Stack):
    once = stack.attempt("run", "--rm", "--no-deps", "-T", "-e", "HIGHLIGHT_CHILDREN=many", "highlight")
    assert once.returncode != 0
    assert "HIGHLIGHT_CHILDREN='many'" in once.stderr
    once = stack.attempt("run", "--rm", "--no-deps", "-T", "-e", "MERGEPOINT_RATE=fast", "nginx")
    assert once.returncode != 0
    assert "MERGEPOINT_RATE='fast'" in once.stderr
