"""The README's lines for applications behind auth, as they stand there: they know who asks, also after keys rotated."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.auth.place import README, Place, Visitor, header
from tests.servers import ROOT, need, wait_for

[PYTHON] = [text for text in re.findall(r"^```python\n(.*?)^```", README, re.M | re.S) if "kit.identity" in text]
[RUBY] = [text for text in re.findall(r"^```ruby\n(.*?)^```", README, re.M | re.S) if "Identity" in text]
LOOP = """
while (token = gets)
  begin
    puts who("HTTP_MERGEPOINT_IDENTITY" => token.chomp)
  rescue Mergepoint::Error => e
    puts e.message
  end
  $stdout.flush
end
"""


@pytest.fixture(scope="module")
def place(nginx_present: None) -> Iterator[Place]:
    place = Place()
    place.start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def ruby(place: Place) -> Iterator["subprocess.Popen[str]"]:
    need("ruby")
    command = ["ruby", "-w", "-I", str(ROOT / "clients/ruby/lib"), "-e", lines(RUBY, place) + LOOP]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def lines(text: str, place: Place) -> str:
    return text.replace("http://localhost:8080", place.url)


def token(visitor: Visitor) -> str:
    [found] = header(visitor.get("/wiki/"), "Mergepoint-Identity")
    return found


def test_applications_know_who_asks_before_and_after_keys_rotate(place: Place, ruby: "subprocess.Popen[str]") -> None:
    application: dict[str, Any] = {}
    exec(lines(PYTHON, place), application)
    visitor = place.logged_in()

    def told(token: str) -> list[str]:
        assert ruby.stdin
        assert ruby.stdout
        ruby.stdin.write(f"{token}\n")
        ruby.stdin.flush()
        return [application["who"]({"Mergepoint-Identity": token}), ruby.stdout.readline().strip()]

    first = token(visitor)
    assert told(first) == ["admin", "admin"]
    place.command("rotate-identity-key")
    wait_for(lambda: token(visitor).partition(".")[0] != first.partition(".")[0], seconds=15)
    assert told(token(visitor)) == ["admin", "admin"]
    assert told(first) == ["admin", "admin"]


def test_ruby_refuses_what_is_signed_with_a_key_that_nobody_knows(place: Place, ruby: "subprocess.Popen[str]") -> None:
    assert ruby.stdin
    assert ruby.stdout
    head, rest = token(place.logged_in()).split(".", 1)
    for bad in (f"e30.{rest}", f"{head}.{rest[:-4]}AAAA", "x", ""):
        ruby.stdin.write(f"{bad}\n")
        ruby.stdin.flush()
        assert "admin" not in ruby.stdout.readline()
