"""Forms of real applications behind auth, in a real browser: their own CSRF protection must hold, and be satisfied."""

import hashlib
import pathlib

from playwright.sync_api import Page, expect

from tests.auth.applications.running import Site


def visit(site: Site, page: Page, address: str) -> None:
    """Open *address* as somebody who must log in first."""
    page.goto(site.public_url + address)
    page.get_by_label("Name or e-mail").fill("admin")
    page.get_by_label("Password").fill(site.first_password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{address}")


def test_a_form_is_posted(site: Site, page: Page, name: str) -> None:
    visit(site, page, f"/{name}/form")
    page.get_by_label("Text").fill("Zoë & <b>")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_have_text("Zoë & <b>")
    expect(page.locator("#visits")).to_have_text("2")


def test_a_file_is_uploaded(site: Site, page: Page, name: str, tmp_path: pathlib.Path) -> None:
    content = bytes(range(256)) * 400
    (tmp_path / "file.bin").write_bytes(content)
    visit(site, page, f"/{name}/upload")
    page.get_by_label("File").set_input_files(tmp_path / "file.bin")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_have_text(f"{len(content)} {hashlib.sha256(content).hexdigest()}")


def test_the_applications_own_protection_holds(site: Site, name: str) -> None:
    """Without its token a post is refused by the application, and its refusal is what arrives."""
    visitor = site.logged_in()
    assert visitor.get(f"/{name}/form").status == 200
    reply = visitor.request("POST", f"/{name}/form", form={"text": "x"})
    assert reply.status in (400, 403)
    assert reply.headers["Content-Type"] != "application/problem+json"
