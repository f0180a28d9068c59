"""The script that makes shipped files into a configuration, and what they hold."""

import os
import pathlib
import re
import subprocess

import pytest

from tests.nginx.gateway import NGINX, free_port

FILES = sorted(NGINX.glob("**/*.conf"))


def render(run: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([NGINX / "render", run], env=os.environ | environment, capture_output=True, text=True)


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
    tested = subprocess.run(
        ["nginx", "-t", "-q", "-p", tmp_path / "nginx", "-c", "nginx.conf", "-e", "stderr"],
        env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0
    assert not [line for line in tested.stderr.splitlines() if "[notice]" not in line]


def test_nothing_is_left_to_fill_in(tmp_path: pathlib.Path):
    render(tmp_path)
    rendered = list(tmp_path.glob("nginx/**/*.conf"))
    assert len(rendered) == len(FILES) + 1  # one upstreams less, trusted_proxies and metrics_listen more
    assert not [path for path in rendered if re.search(r"\$\{MERGEPOINT_[A-Z]", path.read_text())]


def test_only_values_are_filled_in(tmp_path: pathlib.Path):
    render(tmp_path, MERGEPOINT_LISTEN="127.0.0.1:8080")
    for path in FILES:
        made = tmp_path / "nginx" / path.relative_to(NGINX)
        if path.name == "upstreams.compose.conf":
            continue
        for shipped, rendered in zip(path.read_text().splitlines(), made.read_text().splitlines(), strict=True):
            assert shipped == rendered or "${MERGEPOINT_" in shipped


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MERGEPOINT_LISTEN", "localhost"),
        ("MERGEPOINT_LISTEN", "127.0.0.1:8080; deny all"),
        ("MERGEPOINT_LISTEN", "8080\nevil"),
        ("MERGEPOINT_LIMITS", "no"),
        ("MERGEPOINT_RATE", "0"),
        ("MERGEPOINT_RATE", "ten"),
        ("MERGEPOINT_BURST", "-1"),
        ("MERGEPOINT_IN_FLIGHT", "0"),
        ("MERGEPOINT_CACHE_SIZE", "many"),
        ("MERGEPOINT_RESOLVER", "example"),
        ("MERGEPOINT_ACCESS_LOG", "/dev/null; x"),
        ("MERGEPOINT_UPSTREAMS", "../upstreams.conf"),
        ("MERGEPOINT_UPSTREAMS", "upstreams.none.conf"),
        ("TRUSTED_PROXIES", "everybody"),
        ("TRUSTED_PROXIES", "10.0.0.0/8 192.0.2.1"),
    ],
)
def test_a_bad_value_is_named(tmp_path: pathlib.Path, name: str, value: str):
    rendered = render(tmp_path, **{name: value})
    assert rendered.returncode == 1
    assert name in rendered.stderr
    assert not (tmp_path / "nginx/nginx.conf").exists()


@pytest.mark.parametrize("value", ["8080", "*:80", "127.0.0.1:8080", "[::1]:8080", "[::]:80", "localhost:8080"])
def test_an_address_may_be_given_in_any_form(tmp_path: pathlib.Path, value: str):
    assert render(tmp_path, MERGEPOINT_LISTEN=value).returncode == 0
    assert f"listen {value} " in (tmp_path / "nginx/suite.conf").read_text()


def test_a_long_directory_is_refused_since_sockets_have_short_names(tmp_path: pathlib.Path):
    assert "MERGEPOINT_RUN" in render(tmp_path / ("x" * 100)).stderr


def test_it_may_be_rendered_again(tmp_path: pathlib.Path):
    for rate in ("5", "6"):
        render(tmp_path, MERGEPOINT_RATE=rate)
    assert "rate=6r/s" in (tmp_path / "nginx/snippets/limits.conf").read_text()


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
