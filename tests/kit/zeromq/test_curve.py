"""Who may speak to a server beyond this machine: those whose public keys it knows, as long as it does."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from mergepoint.client import ConnectionFailed, Timeout
from mergepoint.client.zeromq import Client
from mergepoint.kit.zeromq.command import main
from tests.kit.zeromq.programs import COMMAND, Peer, Program
from tests.servers import ROOT, free_port, need, wait_for

ATTEMPTS = 1000
MOST_CPU = 3.0  # seconds of the server's for all of them; measured: 0.8


class Guarded:
    """A server with keys, and the *keys* of ann, whom it knows, and eve, whom it does not."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.known = folder, folder / "clients"
        self.public = {name: make_key(folder / name) for name in ("server", "ann", "eve", "worker")}
        self.know("ann")
        self.address = f"tcp://127.0.0.1:{free_port()}"
        keys = ["--key", str(folder / "server"), "--clients", str(self.known)]
        self.program = Program(folder, "serve", "htmldiff", "--bind", self.address, *keys)

    def know(self, *names: str) -> None:
        lines = [f"{self.public[name]}  # {name}\n" for name in names]
        self.known.write_text("# who may\n\n" + "".join(lines))

    def client(self, name: str, server: str = "server", **more: float) -> Client:
        secret = (self.folder / name).read_text().strip()
        return Client(self.address, secret_key=secret, server_key=self.public[server], **more)

    def cpu(self) -> float:
        """Return the seconds that the server's own process has used."""
        fields = Path(f"/proc/{self.program.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_key(file: Path) -> str:
    done = subprocess.run([*COMMAND, "keys", file], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path_factory.mktemp("curve"))
    yield guarded
    assert guarded.program.end() == 0


def test_a_secret_key_is_its_owners_alone_and_never_overwritten(guarded):
    assert (guarded.folder / "ann").stat().st_mode & 0o777 == 0o600
    done = subprocess.run([*COMMAND, "keys", guarded.folder / "ann"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (78, "")
    assert "File exists" in done.stderr


def test_a_client_whose_key_is_known_is_answered(guarded):
    with guarded.client("ann") as client:
        assert client.htmldiff("a", "b").counts == {"replaced": 1}


def test_the_ruby_client_speaks_curve_too(guarded):
    need("ruby")
    script = "puts Mergepoint::ZeroMQ.new(ARGV[0], secret_key: ARGV[1], server_key: ARGV[2]).htmldiff('a', 'b')"
    keys = [(guarded.folder / "ann").read_text().strip(), guarded.public["server"]]
    command = ["ruby", f"-I{ROOT / 'clients/ruby/lib'}", "-rmergepoint/zeromq", "-e", script, guarded.address, *keys]
    assert "<ins>" in subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize(("name", "server"), [("eve", "server"), ("ann", "eve")], ids=["client's", "server's"])
def test_a_wrong_key_gets_nothing(guarded, name, server):
    with guarded.client(name, server, connect_timeout=0.5, retries=0) as client, pytest.raises(ConnectionFailed):
        client.htmldiff("a", "b")


def test_without_a_key_there_is_nothing(guarded):
    with Client(guarded.address, connect_timeout=0.5, retries=0) as client, pytest.raises(ConnectionFailed):
        client.htmldiff("a", "b")
    with Peer(guarded.address) as peer:
        peer.send("htmldiff", [b"a", b"b"])
        assert peer.read(0.5) is None


def test_a_key_that_was_taken_off_the_list_gets_nothing_even_where_it_is_connected(guarded):
    guarded.know("ann", "eve")
    with guarded.client("ann") as ann, guarded.client("eve", timeout=1) as eve:
        assert eve.htmldiff("a", "b")
        guarded.know("ann")
        with pytest.raises(Timeout):
            eve.htmldiff("a", "b")
        assert ann.htmldiff("a", "b")
    with guarded.client("eve", connect_timeout=0.5, retries=0) as again, pytest.raises(ConnectionFailed):
        again.htmldiff("a", "b")


def test_a_list_that_is_gone_or_broken_admits_nobody_else_and_ends_nothing(guarded):
    text = guarded.known.read_text()
    guarded.known.unlink()
    with guarded.client("ann", timeout=1, connect_timeout=0.5, retries=0) as ann:
        for broken in (None, "nonsense\n", "\xff\n"):
            if broken:
                guarded.known.write_text(broken, "latin-1")
            with pytest.raises(ConnectionFailed):
                ann.htmldiff("a", "b")
    guarded.known.write_text(text)
    with guarded.client("ann") as ann:
        assert ann.htmldiff("a", "b")


def test_a_thousand_attempts_with_wrong_keys_cost_little(guarded):
    before = guarded.cpu()
    context = zmq.Context()
    for _ in range(10):
        sockets = [stranger(context, guarded) for _ in range(ATTEMPTS // 10)]
        wait_for(lambda: True)
        sockets[-1].poll(200)
        for socket in sockets:
            socket.close(linger=0)
    context.term()
    cost = guarded.cpu() - before
    print(f"{ATTEMPTS} attempts: {cost:.2f} s")
    assert cost < MOST_CPU
    with guarded.client("ann") as client:
        assert client.htmldiff("a", "b")


def stranger(context: zmq.Context, guarded: Guarded) -> zmq.Socket:
    socket = context.socket(zmq.DEALER)
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = guarded.public["server"].encode()
    socket.connect(guarded.address)
    return socket


def test_a_broker_knows_its_workers_by_their_keys(guarded, start):
    front, back = (f"tcp://127.0.0.1:{free_port()}" for _ in range(2))
    workers, nobody = guarded.folder / "workers", guarded.folder / "nobody"
    workers.write_text(guarded.public["worker"])
    nobody.write_text("")
    key = ["--key", str(guarded.folder / "server")]
    start("broker", "--frontend", front, "--backend", back, *key, "--clients", str(guarded.known),
          "--workers", str(workers))  # fmt: skip
    server = ["--server-key", guarded.public["server"]]
    for name in ("eve", "worker"):
        start("worker", "htmldiff", "--connect", back, "--key", str(guarded.folder / name), *server, says="working")
    ask = [*COMMAND, "status", "--connect", front, "--key", guarded.folder / "ann", *server]
    shown = ""

    def one_is_there() -> bool:
        nonlocal shown
        shown = subprocess.run(ask, capture_output=True, text=True, timeout=30).stdout
        return "htmldiff" in shown

    wait_for(one_is_there)
    assert shown.count("htmldiff") == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["serve", "highlight", "--key", "{ann}"], "--clients"),
        (["serve", "highlight", "--clients", "{clients}"], "--key"),
        (["serve", "highlight", "--key", "{clients}", "--clients", "{clients}"], "a secret key"),
        (["serve", "highlight", "--key", "{none}", "--clients", "{clients}"], "No such file"),
        (["serve", "highlight", "--key", "{ann}", "--clients", "{log}"], "is no public key"),
        (["worker", "highlight", "--key", "{ann}"], "--server-key"),
        (["worker", "highlight", "--key", "{ann}", "--server-key", "short"], "--server-key"),
        (["worker", "highlight", "--connect", "tcp://192.0.2.1:5571"], "--server-key"),
        (["broker", "--key", "{ann}"], "--workers"),
        (["broker", "--workers", "{clients}"], "--key"),
        (["broker", "--key", "{ann}", "--clients", "{clients}", "--backend", "tcp://0.0.0.0:1"], "--workers"),
    ],
)
def test_keys_that_are_none_end_the_program_with_the_setting(guarded, words, named, capsys):
    (guarded.folder / "log").write_text("nonsense")
    names = {name: guarded.folder / name for name in ("ann", "clients", "none", "log")}
    assert main([word.format(**names) for word in words]) == 78
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
