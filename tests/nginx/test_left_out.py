"""Services that are left out: nginx runs with any of the services' files, and says which services are not here."""

import itertools
import pathlib
import shutil
from collections.abc import Callable

import pytest

from tests.nginx.gateway import NGINX, SERVICES, Gateway, is_problem
from tests.nginx.test_render import complaints, render

SUBSETS = [
    pytest.param(set(some), marks=pytest.mark.long if count == 2 else (), id="+".join(some) or "none")
    for count in range(len(SERVICES) + 1)
    for some in itertools.combinations(SERVICES, count)
]
REQUESTS = {
    "auth": ("GET", "/auth/me"),
    "highlight": ("POST", "/highlight/batch"),
    "htmldiff": ("POST", "/htmldiff"),
    "thumbnail": ("GET", "/thumbnail/signature/rs:fit:9:9/plain/local:///x.png"),
}


def copy_of_files(folder: pathlib.Path, kept: set[str]) -> pathlib.Path:
    """Return a copy of nginx's files with the services *kept* only."""
    files = folder / "files"
    shutil.copytree(NGINX, files)
    for service in SERVICES:
        if service not in kept:
            (files / f"services/{service}.conf").unlink()
    return files


def answers_for(gateway: Gateway, kept: set[str]) -> None:
    """Each service is there, or is said not to be; /health shows those that are."""
    assert gateway.get("/health").json["services"].keys() == kept
    assert gateway.get("/health").status == 200
    assert gateway.get("/").status == 200
    for service, (method, target) in REQUESTS.items():
        answer = gateway.request(method, target, b"{}" if method == "POST" else None)
        if service in kept:
            assert answer.status == 200, target
            assert answer.json["target"] == target
        else:
            assert is_problem(answer, 404, "not_found")
            assert answer.json["detail"] == f"the service {service} does not run here"
    assert gateway.get("/thumbnails").json["detail"] == "there is nothing at this path"


@pytest.mark.parametrize("kept", SUBSETS)
def test_any_of_the_services_files_may_be_taken_away(
    kept: set[str], make_gateway: Callable[..., Gateway], tmp_path: pathlib.Path
) -> None:
    gateway = make_gateway(files=copy_of_files(tmp_path, kept), MERGEPOINT_LIMITS="off")
    answers_for(gateway, kept)
    gateway.stop()


@pytest.mark.parametrize("value", ["highlight,auth", " auth highlight ", "auth,highlight,auth"])
def test_a_setting_says_which_services_run(value: str, make_gateway: Callable[..., Gateway]) -> None:
    answers_for(make_gateway(MERGEPOINT_SERVICES=value), {"auth", "highlight"})


def test_an_unknown_service_is_told_with_those_that_there_are(tmp_path: pathlib.Path) -> None:
    said = render(tmp_path, MERGEPOINT_SERVICES="highlight,diff").stderr
    expected = "names of services with commas between them are expected"
    assert said == f"MERGEPOINT_SERVICES='highlight,diff': {expected}; there are {', '.join(SERVICES)}\n"


@pytest.mark.usefixtures("nginx_present")
@pytest.mark.parametrize("upstreams", ["upstreams.conf", "upstreams.compose.conf"])
def test_a_file_of_somebody_else_is_no_service(upstreams: str, tmp_path: pathlib.Path) -> None:
    files = copy_of_files(tmp_path, set(SERVICES))
    (files / "services/wiki.conf").write_text("location /wiki/ { return 204; }\n")
    rendered = render(tmp_path / "run", files=files, MERGEPOINT_UPSTREAMS=upstreams)
    assert "warning: nginx/services/wiki.conf is no service's" in rendered.stderr
    assert (tmp_path / "run/nginx/applications/wiki.conf").is_file()
    assert '"auth highlight htmldiff thumbnail"' in (tmp_path / "run/nginx/suite.conf").read_text()
    assert complaints(tmp_path / "run") == []
