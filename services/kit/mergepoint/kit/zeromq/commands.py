"""What brokers and workers say to each other, between a DEALER of the worker's and a ROUTER of the broker's.

The first frame is the command. Ideas are of ZeroMQ's RFC 7 (Majordomo) and the guide's Paranoid Pirate; the protocol is
ours, and docs/protocol.md describes it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .messages import VERSION, Frames

READY = b"READY"  # from a worker: its Offer
HEARTBEAT = b"HEARTBEAT"  # both ways, each BEAT seconds
REQUEST = b"REQUEST"  # to a worker: a number, the header, the contents
ANSWER = b"ANSWER"  # from a worker: the number, then the frames for the client
DISCONNECT = b"DISCONNECT"  # from a worker: give me no more; to a worker: I do not know you, say READY or end

BEAT = 1.0  # seconds
LIVES = 3  # heartbeats missed before the other side counts as lost
SILENCE = BEAT * LIVES  # seconds
MOST_SLOTS = 1024
LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class Offer:
    """What a worker offers: the tasks of one service, to so many requests at a time.

    *tasks* has the names of each task's contents. *max_bytes* is the most that the contents of one request may have.
    *share* is how many of its requests may be one client's. *name* is for people: which process of which machine this
    is.
    """

    service: str
    tasks: Mapping[str, list[str]]
    max_bytes: int
    slots: int
    share: int
    name: str = ""

    def frames(self) -> list[bytes]:
        return [READY, json.dumps({"v": VERSION, **asdict(self)}).encode()]


def read_offer(frames: Frames) -> Offer | None:
    """Return the offer in what follows READY, or None if there is none that can be understood."""
    try:
        [data] = frames
        values = json.loads(data)
        if values["v"] != VERSION:
            return None
        tasks = {str(name): [str(content) for content in contents] for name, contents in values["tasks"].items()}
        slots, share, most = int(values["slots"]), int(values["share"]), int(values["max_bytes"])
        if not (0 < share <= slots <= MOST_SLOTS and most >= 0):
            return None
        return Offer(str(values["service"]), tasks, most, slots, share, str(values.get("name", ""))[:LONGEST_NAME])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
