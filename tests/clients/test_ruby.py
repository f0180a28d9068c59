"""The Ruby client: its own tests, and the same faults that the Python client meets."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients import scenarios
from tests.clients.scenarios import SCENARIOS, Call, Outcome, Scenario

CLIENT = Path(__file__).parents[2] / "clients" / "ruby"
RUBY = shutil.which("ruby")

# Takes the URL, options and calls as JSON, and prints an outcome for each call.
DRIVER = """
require "json"
require "mergepoint"

KNOWN = %i[type language plaintext degraded cached request_id]
TOLD = %i[code status request_id errors retry_after]

def tell(result, names) = names.select { result.respond_to?(_1) }.to_h { |name| [name, result.public_send(name)] }

def describe(result)
  case result
  when Array then { items: result.map { describe(_1) } }
  when Mergepoint::Error
    { error: result.class.name.split("::").last, message: result.message, **tell(result, TOLD) }
  when String then { text: result.dup.force_encoding("UTF-8").scrub, **tell(result, KNOWN) }
  else { value: result }
  end
end

url, options, calls = JSON.parse(ARGV[0], symbolize_names: true)
client = Mergepoint::Client.new(url, **options)
puts JSON.generate(calls.map { |name, arguments|
  first, rest = arguments.partition { |key, _| %i[code name snippets].include?(key) }.map(&:to_h)
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  result = begin
    client.public_send(name, *first.values, **rest)
  rescue Mergepoint::Error => e
    e
  end
  { **describe(result), seconds: Process.clock_gettime(Process::CLOCK_MONOTONIC) - began }
})
"""


@pytest.fixture(scope="module", autouse=True)
def _ruby_present():
    if not RUBY:
        missing = "ruby is not installed; Debian has it: apt-get install ruby"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)


def ruby(*arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
    command = [str(RUBY), "-w", f"-I{CLIENT / 'lib'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def run(url: str, options, calls: list[Call]) -> list[Outcome]:
    done = ruby("-e", DRIVER, json.dumps([url, options, calls]), timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_fault(scenario: Scenario):
    scenarios.play(scenario, run)


def test_what_is_sent():
    scenarios.play_wire(run)


def test_key_is_never_told():
    scenarios.play_key(run)


def test_server_that_is_down_is_named():
    scenarios.play_refused(run)


def test_server_that_never_accepts_takes_no_longer_than_the_connect_timeout():
    scenarios.play_unreachable(run)


@pytest.mark.parametrize("file", sorted((CLIENT / "test").glob("test_*.rb")), ids=lambda file: file.stem)
def test_of_its_own(file: Path):
    done = ruby(f"-I{CLIENT / 'test'}", str(file), timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failures, 0 errors" in done.stdout
