"""The front page in a real browser, through nginx."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlencode

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


def test_the_other_form_compares_without_scripts(page: Page) -> None:
    page.get_by_role("textbox", name="HTML as it was").fill("<p>a <b>b</b></p>")
    page.get_by_role("textbox", name="HTML as it is now").fill("<p>a <i>c</i></p>")
    page.get_by_role("button", name="Compare").click()
    assert page.locator("del").inner_text() == "b"
    assert page.locator("ins").inner_text() == "c"


def test_a_page_leads_from_change_to_change(browser: Browser, suite: Suite) -> None:
    """Although the answer is in a sandbox, without an origin, and no script runs."""
    page = browser.new_page(java_script_enabled=False)
    paragraphs = [f"<p>paragraph {number}</p><div style='height: 500px'></div>" for number in range(5)]
    changed = [text.replace("paragraph", "changed") if number % 2 else text for number, text in enumerate(paragraphs)]
    query = urlencode({"old": "".join(paragraphs), "new": "".join(changed), "page": 1})
    answer = page.goto(f"{suite.url}/htmldiff?{query}")
    assert answer
    assert "sandbox" in answer.headers["content-security-policy"]
    assert page.locator(".diff_steps").inner_text() == "2 changes first"
    seen = []
    for step in ("first", "next", "next", "previous"):
        page.get_by_role("link", name=step).click()
        seen.append((page.locator(":target").inner_text(), page.locator(".diff_steps").inner_text()))
        assert page.locator(":target").is_visible()
    first, second = ("paragraph", "previous 1 of 2 next"), ("paragraph", "previous 2 of 2 next")
    assert seen == [first, second, first, second]
    page.close()


def test_side_by_side_is_side_by_side(browser: Browser, suite: Suite) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{suite.url}/htmldiff?{urlencode({'old': 'a b', 'new': 'a c', 'page': 1, 'view': 'side-by-side'})}")
    old, new = (page.locator(f".diff_{name}").bounding_box() for name in ("old", "new"))
    assert old
    assert new
    assert old["y"] == new["y"]
    assert old["x"] + old["width"] <= new["x"]
    page.close()


def test_every_link_of_the_front_page_works(page: Page, suite: Suite) -> None:
    targets = {link.get_attribute("href") for link in page.locator("a[href]").all()}
    assert len(targets) > 4
    for target in targets:
        assert page.request.get(f"{suite.url}{target}").status == 200, target


def test_every_choice_of_the_form_is_known_to_the_service(page: Page, suite: Suite) -> None:
    for form in page.locator("form").all():
        action = form.get_attribute("action")
        texts = dict.fromkeys((field.get_attribute("name") for field in form.locator("textarea").all()), "x")
        for option in form.locator("option:not([disabled])").all():
            name = option.locator("..").get_attribute("name")
            value = option.get_attribute("value") or option.inner_text()
            answer = page.request.post(f"{suite.url}{action}", multipart={**texts, name: value})
            assert answer.status == 200, (name, value)


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
