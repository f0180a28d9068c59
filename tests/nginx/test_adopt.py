"""The files of applications, as nginx takes them: what would break the promise about identities stops the start."""

import os
import pathlib
import re
import subprocess

import pytest

from tests.auth.claims import NAMES, SAID_BY_US, spellings
from tests.nginx.gateway import NGINX

FILE = """location ^~ /wiki/ {{
    set $service     wiki;
    set $policy      user;
    set $application 127.0.0.1:3000;
    include snippets/policies/auth.conf;
    include snippets/policies/identity.conf;
    {lines}
    proxy_pass http://$application;
}}
"""


def adopt(folder: pathlib.Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "wiki.conf").write_text(text)
    return subprocess.run([NGINX / "adopt", folder / "wiki.conf"], capture_output=True, text=True)


def refused_lines(folder: pathlib.Path, text: str) -> list[int]:
    """Return the numbers of the lines that are refused."""
    done = adopt(folder, text)
    assert (done.returncode, done.stdout) == (1, "") if done.stderr else (0, done.stdout)
    return [int(number) for number in re.findall(rf"^{folder}/wiki\.conf:(\d+): ", done.stderr, re.MULTILINE)]


def variable(name: str) -> str:
    return f"$http_{name.lower().replace('-', '_')}"


def test_every_name_that_claims_to_be_somebody_is_refused(tmp_path: pathlib.Path) -> None:
    names = [spelling for name in NAMES for spelling in (*spellings(name), name.replace("-", "_"))]
    lines = "\n".join(f"proxy_set_header {name} {variable(name)};" for name in names)
    refused = set(refused_lines(tmp_path, FILE.format(lines=lines)))
    assert [name for number, name in enumerate(names, 7) if number not in refused] == []


@pytest.mark.parametrize("name", [*SAID_BY_US, "Host", "Cookie", "Authorization", "Connection", "mergepoint-identity"])
@pytest.mark.parametrize("value", ["$http_x", "$host", "constant"])
def test_what_identity_conf_sends_is_not_sent_twice(tmp_path: pathlib.Path, name: str, value: str) -> None:
    assert refused_lines(tmp_path, FILE.format(lines=f"proxy_set_header {name} {value};")) == [7]


@pytest.mark.parametrize(
    "line",
    [
        "proxy_set_header X-Remote-User $http_x_remote_user;",
        "proxy_set_header 'X-Remote-User' $http_x_remote_user;",
        'proxy_set_header "X-Remote-User" "$http_x_remote_user";',
        "proxy_set_header X-Remote-User ${http_x_remote_user};",
        "proxy_set_header X_REMOTE_USER $http_x_remote_user;",
        "proxy_set_header X-Remote-User $http_anything;",
        "proxy_set_header X-Remote-User $arg_user;",
        "proxy_set_header X-Remote-User $cookie_user;",
        "proxy_set_header X-Remote-User a$uri;",
        "set $a '}';proxy_set_header X-Remote-User $a;",
        "if ($http_x) { proxy_set_header X-Remote-User $http_x; }",
        "# { \n proxy_set_header X-Remote-User $http_x;",
        "proxy_set_header\nX-Remote-User\n$http_x;",
        "set $a x}y;proxy_set_header X-Remote-User $a;",
        "set $a x#y;proxy_set_header X-Remote-User $a;",
        'proxy_set_header X-Custom "1\nX-Remote-User: $http_x";',
        'proxy_set_header X-Custom "1\\nX-Remote-User: $http_x";',
        "proxy_set_header 'X-Custom: 1\r\nX-Remote' $http_x;",
        "proxy_pass_request_headers on;",
        "uwsgi_pass 127.0.0.1:3000;",
        "location /wiki/x { fastcgi_pass 127.0.0.1:3000; }",
    ],
)
def test_no_spelling_of_a_line_passes(tmp_path: pathlib.Path, line: str) -> None:
    assert len(refused_lines(tmp_path, FILE.format(lines=line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "proxy_set_header X-Custom $http_x_custom;",
        "proxy_set_header X-Api-Key $http_x_api_key;",
        "proxy_set_header X-Auth-Token $http_x_auth_token;",
        "proxy_set_header Private-Token $http_private_token;",
        "proxy_set_header X-WebAuth-User guest;",
        "proxy_set_header X-Forwarded-Prefix /wiki;",
        "proxy_set_header X-Forwarded-Port $server_port;",
        "proxy_set_header Remote-User '';",
        "# proxy_set_header Remote-User $http_remote_user;",
        "add_header X-User $http_x_user;",
        "client_max_body_size 50m;",
    ],
)
def test_everything_else_is_the_operators_to_decide(tmp_path: pathlib.Path, line: str) -> None:
    assert refused_lines(tmp_path, FILE.format(lines=line)) == []


def test_an_included_file_is_read_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "more.inc").write_text("\nproxy_set_header X-Remote-User $http_x_remote_user;\n")
    done = adopt(tmp_path, FILE.format(lines=f"include {tmp_path}/more.inc;"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path}/more.inc:2: X-Remote-User ")


def test_a_name_that_passes_anyway_is_not_sent_twice(tmp_path: pathlib.Path) -> None:
    done = adopt(tmp_path, FILE.format(lines="proxy_set_header X-CSRF-Token $http_x_csrf_token;"))
    assert done.stdout == FILE.format(lines="")


@pytest.mark.usefixtures("nginx_present")
def test_the_suite_does_not_start_and_names_file_and_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.conf").write_text(FILE.format(lines="proxy_set_header X-Email $http_x_email;"))
    (tmp_path / "b.conf").write_text(FILE.format(lines="\nproxy_set_header X-Email $http_x_email;"))
    environment = os.environ | {"MERGEPOINT_APPLICATIONS": str(tmp_path)}
    done = subprocess.run([NGINX / "start", tmp_path / "run"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{tmp_path}/a.conf:7: X-Email says who somebody is")
    assert second.startswith(f"{tmp_path}/b.conf:8: X-Email says who somebody is")
