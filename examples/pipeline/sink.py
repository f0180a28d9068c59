"""Writes the site: a page for each file, and an index. It knows what is missing, and asks for it again.

python sink.py SOCKETS TREE SITE STYLESHEET
"""

import html
import sys
from collections import Counter
from pathlib import Path

import zmq
from tree import sources

PATIENCE = 2.0  # seconds without a result, after which what is missing is asked for again
WIDTH = 40  # of the bar

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{up}style.css">
<h1>{title}</h1>
{body}
"""


def main(sockets: str, tree: str, site: str, stylesheet: str) -> None:
    context = zmq.Context()
    results, missed = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    results.bind(f"ipc://{sockets}/results")
    missed.connect(f"ipc://{sockets}/missed")
    names = sources(Path(tree))
    missing, problems, done_by = set(names), {}, Counter()
    Path(site).mkdir(parents=True, exist_ok=True)
    Path(site, "style.css").write_text(Path(stylesheet).read_text())
    while missing:
        show(len(names) - len(missing), len(names))
        if not results.poll(PATIENCE * 1000):
            missed.send_multipart([name.encode() for name in sorted(missing)])
            continue
        worker, name, page, problem = (frame.decode() for frame in results.recv_multipart())
        if name not in missing:  # it came twice, since it was asked for again
            continue
        missing.remove(name)
        done_by[worker] += 1
        if problem:
            problems[name] = problem
        else:
            write_page(Path(site), name, page)
    write_index(Path(site), names, problems)
    missed.send(b"all done")
    show(len(names), len(names))
    print(f"\n{len(names)} files: {', '.join(f'{count} by {name}' for name, count in sorted(done_by.items()))}")
    context.destroy(linger=1000)


def write_page(site: Path, name: str, page: str) -> None:
    """Write the page of the file *name*, which is one of our own list and therefore within the site."""
    target = site / f"{name}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(PAGE.format(title=html.escape(name), body=page, up="../" * name.count("/")))


def write_index(site: Path, names: list[str], problems: dict[str, str]) -> None:
    items = [
        f"<li>{html.escape(name)}: {html.escape(problems[name])}"
        if name in problems
        else f'<li><a href="{html.escape(name)}.html">{html.escape(name)}</a>'
        for name in names
    ]
    (site / "index.html").write_text(PAGE.format(title="Source code", body="\n".join(["<ul>", *items, "</ul>"]), up=""))


def show(done: int, of: int) -> None:
    """Draw the bar, where somebody sees it."""
    if sys.stderr.isatty():
        filled = WIDTH * done // max(1, of)
        print(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{of}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
