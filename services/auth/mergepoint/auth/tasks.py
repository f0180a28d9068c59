"""What can be asked without a database and without logging in, for every face: is this text an API key of ours?"""

from pydantic import Field

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options

from .keys import is_well_formed


class KeyOptions(Options):
    """A key, or what may be one."""

    key: str = Field(max_length=4000, description="what may be an API key", json_schema_extra={"content": True})


def auth(options: KeyOptions) -> Answer:
    """Tell whether a text has the form of an API key, its checksum included; it may be revoked all the same."""
    return Answer.json({"well_formed": is_well_formed(options.key.strip())})
