"""A service with some tasks, to try the faces on."""

from typing import ClassVar

from pydantic import Field

from mergepoint.kit.config import ServiceSettings
from mergepoint.kit.dispatch import Answer, Function
from mergepoint.kit.options import Binary, Options
from mergepoint.kit.service import Service, Task


class Settings(ServiceSettings):
    """None of its own."""


class UnknownAnimal(LookupError):
    """No such animal."""

    code = "unknown_animal"

    def __init__(self, name: str) -> None:
        super().__init__(f"no animal is called {name!r}")
        self.field = "animal"


class ShoutOptions(Options):
    """A text, how loud."""

    synonyms: ClassVar = {"text": "file lines"}

    text: str = Field(json_schema_extra={"content": True}, description="what to shout")
    marks: int = Field(1, ge=0, le=9)
    animal: str = Field("dog", min_length=1)
    filename: str | None = None


class StampOptions(Options):
    """Bytes, and how often."""

    picture: Binary = Field(json_schema_extra={"content": True})
    times: int = Field(1, ge=1, le=9)


class PackOptions(Options):
    """Several at once."""

    shouts: list[ShoutOptions] = Field(min_length=1, max_length=3)


class DuetOptions(Options):
    """Two texts."""

    high: str = Field(json_schema_extra={"content": True, "contentMediaType": "text/x-song"})
    low: str = Field(json_schema_extra={"content": True})
    times: int = 1


def shout(options: ShoutOptions) -> Answer:
    """Shout it."""
    if options.animal != "dog":
        raise UnknownAnimal(options.animal)
    return Answer((options.text.upper() + "!" * options.marks).encode(), "text/plain; charset=utf-8", {"Animal": "dog"})


def pack(options: PackOptions) -> Answer:
    return Answer.json([shout(item).body.decode() for item in options.shouts])


def sing(options: DuetOptions) -> Answer:
    """Sing both."""
    return Answer(f"{options.high}/{options.low}".encode() * options.times, "text/plain")


def stamp(options: StampOptions) -> Answer:
    return Answer(options.picture * options.times, "application/octet-stream")


def ping() -> Answer:
    return Answer.json({"pong": True})


def broken(options: ShoutOptions) -> Answer:
    raise ValueError("a bug")


def describe(_settings: object) -> Service:
    """Return the service with all of its tasks done directly."""
    return Service("shout", "1", {}, tasks={name: Task(function) for name, function in TASKS.items()}, max_bytes=100)


TASKS: dict[str, Function] = {
    "shout": shout,
    "pack": pack,
    "sing": sing,
    "ping": ping,
    "stamp": stamp,
    "broken": broken,
}
