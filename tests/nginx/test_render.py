"""The script that makes shipped files into a configuration, and what they hold."""

import os
import pathlib
import re
import subprocess

import pytest
import yaml

from tests.nginx.gateway import NGINX
from tests.servers import ROOT, free_port

FILES = sorted(NGINX.glob("**/*.conf"))


def render(run: pathlib.Path, *, files: pathlib.Path = NGINX, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([files / "render", run], env=os.environ | environment, capture_output=True, text=True)


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the first part of `render` alone."""
    return subprocess.run([NGINX / "settings"], env=os.environ | environment, capture_output=True, text=True)


def complaints(run: pathlib.Path) -> list[str]:
    """Return what nginx has against the configuration in *run*."""
    tested = subprocess.run(
        ["nginx", "-t", "-q", "-p", run / "nginx", "-c", "nginx.conf", "-e", "stderr"],
        env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
        capture_output=True,
        text=True,
    )
    assert tested.returncode in (0, 1)
    return [line for line in tested.stderr.splitlines() if "[notice]" not in line] or ["failed"] * tested.returncode


@pytest.mark.usefixtures("nginx_present")
@pytest.mark.parametrize("upstreams", ["upstreams.conf", "upstreams.compose.conf"])
@pytest.mark.parametrize("limits", ["on", "off"])
def test_nginx_finds_no_fault(tmp_path: pathlib.Path, upstreams: str, limits: str):
    rendered = render(
        tmp_path,
        MERGEPOINT_UPSTREAMS=upstreams,
        MERGEPOINT_LIMITS=limits,
        MERGEPOINT_LISTEN=f"127.0.0.1:{free_port()}",
        MERGEPOINT_RESOLVER="127.0.0.11",
        MERGEPOINT_ACCESS_LOG=str(tmp_path / "log"),
        TRUSTED_PROXIES="10.0.0.0/8,fd00::/8",
    )
    assert (rendered.returncode, rendered.stderr) == (0, "")
    assert complaints(tmp_path) == []


def test_nothing_is_left_to_fill_in(tmp_path: pathlib.Path):
    render(tmp_path)
    rendered = list(tmp_path.glob("nginx/**/*.conf"))
    assert len(rendered) == len(FILES) + 2  # one upstreams less; trusted_proxies, metrics_listen and door_listen more
    assert not [path for path in rendered if re.search(r"^[^#\n]*\$\{[A-Z]", path.read_text(), re.MULTILINE)]


def test_only_values_are_filled_in(tmp_path: pathlib.Path):
    render(tmp_path, MERGEPOINT_LISTEN="127.0.0.1:8080")
    for path in FILES:
        made = tmp_path / "nginx" / path.relative_to(NGINX)
        if path.name == "upstreams.compose.conf":
            continue
        for shipped, rendered in zip(path.read_text().splitlines(), made.read_text().splitlines(), strict=True):
            assert shipped == rendered or re.search(r"\$\{[A-Z]", shipped)


# What each setting must not be, and what it may be at most: all that passes here, nginx takes.
BAD = {
    "AUTH_PUBLIC_URL": ["example.com", "http://example.com", "https://x:0", "https://x/y", "https://[zz]"],
    "MERGEPOINT_ACCESS_LOG": [
        "/dev/null; x", "/nowhere/log", "/tmp", "off", "a/b", "syslog:", "syslog:server=",
        "syslog:server=nowhere.invalid", "syslog:server=127.0.0.1:0", "syslog:server=[::1", "syslog:tag=a",
        "syslog:server=127.0.0.1,tag=a-b",
        "syslog:server=127.0.0.1,facility=none", "syslog:server=127.0.0.1,severity=loud",
    ],
    "MERGEPOINT_APPLICATIONS": ["/nowhere", "applications", "/dev/null"],
    "MERGEPOINT_BURST": ["0", "-1", "1.5", "1000001", "9" * 30, "1e3", "1k"],
    "MERGEPOINT_CACHE_SIZE": ["many", "1k", "0m", "1", "1M", "99999g", "9" * 20 + "m", "256mb"],
    "MERGEPOINT_IN_FLIGHT": ["0", "65536", "ten"],
    "MERGEPOINT_LIMITS": ["no", "ON", "1"],
    "MERGEPOINT_LISTEN": [
        "localhost", "127.0.0.1:8080; deny all", "0", "99999", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", ":8080",
        "nowhere.invalid:8080", "192.0.2.1:8080", "[::1%lo]:8080", "[fe80::1%eth0]:8080", "::1:8080", "[zz]:8080",
        "[2001:db8::1]:8080", "999.0.0.1:8080", "unix:/tmp/x.sock", "80a", "-1", "1 2",
    ],
    "MERGEPOINT_METRICS_LISTEN": ["x", "8080", "*:8080", ":9101", "127.0.0.1:9101; x", "127.0.0.1", "[::1%lo]:9"],
    "MERGEPOINT_RATE": ["0", "ten", "1000001", "9" * 10, "100r/s"],
    "MERGEPOINT_RESOLVER": [
        "example", "127.0.0.1:0", "127.0.0.1:99999", "999.1.1.1", "::1", "[::1%lo]", "[zz]", "1.1.1.1 x",
    ],
    "MERGEPOINT_SERVICES": ["none", "highlight;auth", ","],
    "MERGEPOINT_UPSTREAMS": ["../upstreams.conf", "upstreams.none.conf", "nginx.conf"],
    "MERGEPOINT_USER": ["nobody; x", "there-is-no-such-user"],
    "TRUSTED_PROXIES": [
        "everybody", "10.0.0.0/8 192.0.2.1", "10.0.0.0/33", "10.0.0.0/99", "fd00::/129", "300.0.0.1", "10.0.0", "::g",
        "10.0.0.0/", "10.0.0.0/8,,10.1.0.0/16", "localhost", "[::1]",
    ],
}  # fmt: skip
GOOD = {
    "AUTH_PUBLIC_URL": ["https://a.example:8443/", "HTTPS://A.B.", "http://[::1]:80", "https://" + 99 * "a." + "de"],
    "MERGEPOINT_ACCESS_LOG": [
        "/dev/null", "/dev/stderr", "access.log", "syslog:server=127.0.0.1", "syslog:server=[::1]:514,nohostname",
        "syslog:server=unix:/dev/log,facility=local7,tag=mergepoint_1,severity=info",
    ],
    "MERGEPOINT_APPLICATIONS": ["/tmp"],
    "MERGEPOINT_BURST": ["1", "1000000"],
    "MERGEPOINT_CACHE_SIZE": ["1m", "9999g"],
    "MERGEPOINT_IN_FLIGHT": ["1", "65535"],
    "MERGEPOINT_LIMITS": ["on", "off"],
    "MERGEPOINT_LISTEN": ["0.0.0.0:{port}", "*:{port}", "[::]:{port}", "localhost:{port}", "127.1:{port}", "{port}"],
    "MERGEPOINT_METRICS_LISTEN": ["*:{port}", "127.0.0.1:{port}", "[::1]:{port}", "{port}"],
    "MERGEPOINT_RATE": ["1", "1000000", " 7\n"],
    "MERGEPOINT_RESOLVER": ["127.0.0.11", "[::1]:65535", "0.0.0.0:1"],
    "MERGEPOINT_SERVICES": ["auth", "highlight,thumbnail"],
    "MERGEPOINT_UPSTREAMS": ["upstreams.compose.conf"],
    "MERGEPOINT_USER": ["root"],
    "TRUSTED_PROXIES": ["0.0.0.0/0,::/0", "10.0.0.0/8, fd00::/8", "::ffff:10.0.0.1,", "192.0.2.1", "::1/128"],
}  # fmt: skip
TABLE = re.findall(r"^    \[([A-Z_]+) =>", (NGINX / "settings").read_text(), re.MULTILINE)


def test_every_setting_is_tried():
    assert sorted(TABLE) == sorted(BAD) == sorted(GOOD)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_is_named(name: str):
    if name == "MERGEPOINT_USER" and os.geteuid():
        pytest.skip("who is not root stays who they are")
    for value in [*BAD[name], "1\n2"]:
        checked = check(**{name: value})
        assert (checked.returncode, checked.stdout) == (1, ""), value
        [line] = checked.stderr.splitlines()
        assert line.startswith(f"{name}={value.strip()!r}: "), value
        assert "expected" in line


@pytest.mark.usefixtures("nginx_present")
@pytest.mark.parametrize("name", GOOD)
def test_what_is_not_bad_nginx_takes(tmp_path: pathlib.Path, name: str):
    for value in GOOD[name]:
        listen = {"MERGEPOINT_LISTEN": str(free_port())}
        rendered = render(tmp_path, **(listen | {name: value.format(port=free_port())}))
        assert (rendered.returncode, rendered.stderr) == (0, ""), value
        assert complaints(tmp_path) == [], value


def test_a_bad_value_leaves_nothing_to_start(tmp_path: pathlib.Path):
    assert render(tmp_path, MERGEPOINT_RATE="0").returncode == 1
    assert not (tmp_path / "nginx/nginx.conf").exists()


def test_all_bad_values_are_named_at_once(tmp_path: pathlib.Path):
    said = render(tmp_path, **{name: bad[0] for name, bad in BAD.items() if name != "MERGEPOINT_USER"}).stderr
    assert sorted(line.partition("=")[0] for line in said.splitlines()) == sorted({*BAD} - {"MERGEPOINT_USER"})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("MERGEPOINT_RATES", "MERGEPOINT_RATE"),
        ("MERGEPOINT_LISTENS", "MERGEPOINT_LISTEN"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ],
)
def test_a_name_that_no_setting_has_is_told_with_the_nearest(name: str, nearest: str):
    checked = check(**{name: "1"})
    assert checked.returncode == 0
    assert checked.stderr == f"warning: {name}: there is no such setting; the nearest is {nearest}\n"


def test_every_name_of_ours_is_known():
    """Those of the clients and the services too: nobody is warned of them."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    paths = [ROOT / file for file in files if not file.startswith("tests/")]
    # One is a link to a folder.
    texts = [path.read_bytes().decode(errors="replace") for path in paths if path.is_file()]
    names = {name for text in texts for name in re.findall(r"(?<![A-Z_])MERGEPOINT_[A-Z_]*[A-Z]\b", text)}
    assert len(names) > 20
    known = TABLE + re.findall(r"\bMERGEPOINT_[A-Z_]+\b", (NGINX / "settings").read_text())
    made_here = {"MERGEPOINT_RUN"}  # by render
    assert names - set(known) - made_here == set()


@pytest.mark.parametrize("name", ["MERGEPOINT_LISTEN", "MERGEPOINT_EXAMPLES_LISTEN"])
@pytest.mark.parametrize("value", ["8122", ":8122", "8122-8130"])
def test_compose_does_not_publish_a_port_alone(name: str, value: str):
    checked = check(MERGEPOINT_PUBLISHED=f"X=127.0.0.1:80 {name}={value} Y=[::1]:80")
    assert checked.returncode == 1
    assert checked.stderr.startswith(f"{name}={value!r}: in containers an address is expected too, 127.0.0.1:8122")


def test_metrics_that_compose_does_not_open_are_refused():
    compose = yaml.safe_load((NGINX.parent / "docker-compose.yml").read_text())
    published = compose["services"]["nginx"]["environment"]["MERGEPOINT_PUBLISHED"]
    asked = "${MERGEPOINT_METRICS_LISTEN:-}"
    assert f"MERGEPOINT_METRICS_LISTEN={asked}" in published
    published = re.sub(r"\$\{\w+:-(127[^}]*)\}", r"\1", published)
    assert check(MERGEPOINT_PUBLISHED=published.replace(asked, "")).returncode == 0
    checked = check(MERGEPOINT_PUBLISHED=published.replace(asked, "127.0.0.1:9101"))
    assert checked.returncode == 1
    assert checked.stderr.startswith(
        "MERGEPOINT_METRICS_LISTEN='127.0.0.1:9101': in containers a file more is expected"
    )
    opened = check(MERGEPOINT_PUBLISHED=published.replace(asked, "127.0.0.1:9101"), MERGEPOINT_METRICS_LISTEN="*:9101")
    assert opened.returncode == 0


def test_a_port_alone_is_for_this_machine_only(tmp_path: pathlib.Path):
    assert render(tmp_path, MERGEPOINT_LISTEN="8122").returncode == 0
    assert "listen 127.0.0.1:8122 " in (tmp_path / "nginx/suite.conf").read_text()


@pytest.mark.parametrize("value", ["*:80", "127.0.0.1:8080", "[::1]:8080", "[::]:80", "localhost:8080"])
def test_an_address_may_be_given_in_any_form(tmp_path: pathlib.Path, value: str):
    assert render(tmp_path, MERGEPOINT_LISTEN=value).returncode == 0
    assert f"listen {value} " in (tmp_path / "nginx/suite.conf").read_text()


def test_a_long_directory_is_refused_since_sockets_have_short_names(tmp_path: pathlib.Path):
    assert "MERGEPOINT_RUN" in render(tmp_path / ("x" * 100)).stderr


def test_it_may_be_rendered_again(tmp_path: pathlib.Path):
    for rate in ("5", "6"):
        render(tmp_path, MERGEPOINT_RATE=rate)
    assert "rate=6r/s" in (tmp_path / "nginx/snippets/http/limits.conf").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(NGINX)))
def test_only_upstreams_know_addresses(path: pathlib.Path):
    text = re.sub(r"#.*", "", path.read_text())
    if not path.name.startswith("upstreams"):
        assert not re.search(r"\d+\.\d+\.\d+\.\d+|:\d{2,5}\b|server +(unix|[a-z]+:)", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(NGINX)))
def test_a_file_says_what_it_is(path: pathlib.Path):
    assert path.read_text().startswith("# ")


@pytest.mark.parametrize("service", sorted(path.stem for path in NGINX.glob("services/*.conf")))
def test_a_service_has_an_address_in_each_kind_of_place(service: str):
    for name in ("upstreams.conf", "upstreams.compose.conf"):
        assert re.search(rf"^    {service} {service}(:\d+)?;$", (NGINX / name).read_text(), re.MULTILINE)
