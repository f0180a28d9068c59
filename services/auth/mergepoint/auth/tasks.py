"""The call that needs neither a database nor a login, for every face: does a text have the form of an API key?"""

from pydantic import Field

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options

from .credentials.keys import is_well_formed


class KeyOptions(Options):
    """A text that may be an API key."""

    key: str = Field(max_length=4000, description="what may be an API key", json_schema_extra={"content": True})


def check(options: KeyOptions) -> Answer:
    """Return whether a text has the form of an API key, checksum included; such a key may still be revoked."""
    return Answer.json({"well_formed": is_well_formed(options.key.strip())})
