"""The front page in a real browser, through nginx."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.live.suite import Suite
from tests.servers import need

# No sandbox of its own: tests run as root in containers. The rest keeps it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, suite: Suite) -> Iterator[Page]:
    page = browser.new_page(color_scheme=request.param, java_script_enabled=False)
    page.goto(suite.url)
    yield page
    page.close()


def test_the_form_highlights_without_scripts(page: Page) -> None:
    page.get_by_role("textbox", name="Code").fill("def f():\n    return 1\n")
    page.get_by_label("Language").select_option("python")
    page.get_by_role("button", name="Highlight").click()
    assert page.locator(".highlight .k").first.inner_text() == "def"
    assert page.locator(".highlight").inner_text().strip() == "def f():\n    return 1"


def test_every_link_of_the_front_page_works(page: Page, suite: Suite) -> None:
    targets = {link.get_attribute("href") for link in page.locator("a[href]").all()}
    assert len(targets) > 4
    for target in targets:
        assert page.request.get(f"{suite.url}{target}").status == 200, target


def test_every_choice_of_the_form_is_known_to_the_service(page: Page, suite: Suite) -> None:
    for name in ("language", "style", "dark_style", "linenos"):
        for option in page.locator(f"select[name={name}] option:not([disabled])").all():
            value = option.get_attribute("value") or option.inner_text()
            form = {"code": "x", name: value}
            assert page.request.post(f"{suite.url}/highlight", multipart=form).status == 200, (name, value)


def test_an_answer_opened_directly_runs_nothing(browser: Browser, suite: Suite) -> None:
    page = browser.new_page()
    title = "%3Cscript%3Edocument.title=1%3C/script%3E"
    answer = page.goto(f"{suite.url}/highlight/html/PHNjcmlwdD4.html?page=1&title={title}")
    assert answer
    assert "sandbox" in answer.headers["content-security-policy"]
    assert page.title() == "<script>document.title=1</script>"
    page.close()


def test_any_page_may_call_the_service(browser: Browser, suite: Suite) -> None:
    page = browser.new_page()  # about:blank, an origin that is nobody's
    text = page.evaluate(
        """async (url) => {
            const answer = await fetch(url, {method: "POST", body: "x = 1"});
            return [await answer.text(), answer.headers.get("Mergepoint-Language")];
        }""",
        f"{suite.url}/highlight?language=python",
    )
    assert text[0].startswith('<div class="highlight">')
    assert text[1] == "python"
    page.close()
