"""Services that are left out: nginx runs with any of the services' files, and says which services are not here."""

import itertools
import pathlib
import re
import shutil
from collections.abc import Callable

import pytest

from tests.nginx.gateway import NGINX, SERVICES, Gateway, fresh, is_problem
from tests.nginx.test_render import complaints, render

SUBSETS = [
    pytest.param(set(some), marks=pytest.mark.long if count in (2, 3) else (), id="+".join(some) or "none")
    for count in range(len(SERVICES) + 1)
    for some in itertools.combinations(SERVICES, count)
]
REQUESTS = {
    **{service: ("GET", f"/{service}/openapi.json") for service in SERVICES},
    "auth": ("GET", "/auth/me"),
    "highlight": ("POST", "/highlight/batch"),
    "htmldiff": ("POST", "/htmldiff"),
    "jobs": ("GET", "/jobs/x"),
    "thumbnail": ("GET", "/thumbnail/signature/rs:fit:9:9/plain/local:///x.png"),
}


def copy_of_files(folder: pathlib.Path, kept: set[str]) -> pathlib.Path:
    """Return a copy of nginx's files with the services *kept* only."""
    files = folder / "files"
    shutil.copytree(NGINX, files)
    for service in SERVICES:
        if service not in kept:
            (files / f"services/{service}.conf").unlink()
            shutil.rmtree(files / "services" / service, ignore_errors=True)
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


def own_words(service: str) -> str:
    """Return a pattern for what only the files of *service* may say: its name, and names that its own files define."""
    folder = NGINX / "services" / service
    files = [NGINX / f"services/{service}.conf", *folder.glob("*.conf")]
    defined = {name for file in files for name in re.findall(r"(?:js_set|map \S+) \$(\w+)", file.read_text())}
    return "|".join([rf"\b{service}(?!ed)", rf"\b{service.upper()}_", *(rf"\${name}\b" for name in defined)])


# auth is what policies ask, and jobs is where they send what may be answered later, whoever includes them.
@pytest.mark.parametrize("service", sorted({*SERVICES} - {"auth", "jobs"}))
def test_no_other_file_knows_a_service(service: str) -> None:
    shared = [path for path in NGINX.rglob("*") if path.is_file() and path.suffix in ("", ".conf", ".js")]
    shared = [path for path in shared if not {"services", "static", "applications"} & {*path.relative_to(NGINX).parts}]
    addresses = {NGINX / "upstreams.conf", NGINX / "upstreams.compose.conf"}
    naming = [
        f"{path.relative_to(NGINX)}: {line.strip()}"
        for path in shared
        if path not in addresses
        for line in path.read_text().splitlines()
        if re.search(own_words(service), line.partition("#")[0])
    ]
    assert naming == []


def test_a_service_brings_all_that_it_needs(make_gateway: Callable[..., Gateway], tmp_path: pathlib.Path) -> None:
    """Its paths, its variables, its scripts and its settings: nothing but its address stands in another file."""
    files = copy_of_files(tmp_path, set(SERVICES))
    (files / "services/wordcount.conf").write_text(
        'location /wordcount { set $service wordcount; set $allow "GET, POST, QUERY, OPTIONS"; set $accept $shout;\n'
        'set $exposes ", ${SIZE}"; include snippets/policies/pure.conf; }\n'
    )
    folder = files / "services/wordcount"
    folder.mkdir()
    (folder / "http.conf").write_text("js_import w from services/wordcount/w.js;\njs_set $shout w.shout;\n")
    (folder / "w.js").write_text("export default {shout: (r) => 'text/' + r.method.toLowerCase()};\n")
    (folder / "values").write_text('#!/bin/sh\necho "SIZE=X-${WORDCOUNT_WORD}"\n')
    (folder / "values").chmod(0o755)
    upstreams = files / "upstreams.conf"
    pattern = r"^upstream htmldiff (\{.*?^\})"
    text = re.sub(pattern, r"\g<0>\n\nupstream wordcount \1", upstreams.read_text(), flags=re.M | re.S)
    upstreams.write_text(re.sub(r"^( +)htmldiff +htmldiff;", r"\g<0>\n\1wordcount wordcount;", text, flags=re.M))
    gateway = make_gateway(files=files, MERGEPOINT_LIMITS="off", WORDCOUNT_WORD="Words")
    word = fresh()
    answer = gateway.get(f"/wordcount?{word}")
    assert gateway.seen(word)[0]["headers"]["Accept"] == "text/get"
    assert answer.headers["Access-Control-Expose-Headers"].endswith(", X-Words")
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
    assert "warning: nginx/services/wiki.conf belongs to no service" in rendered.stderr
    assert (tmp_path / "run/nginx/applications/wiki.conf").is_file()
    assert '"auth highlight htmldiff jobs thumbnail"' in (tmp_path / "run/nginx/suite.conf").read_text()
    assert complaints(tmp_path / "run") == []
