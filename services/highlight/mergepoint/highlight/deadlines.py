"""How a server has each call on a text done: in the sandbox, within a deadline.

Past its deadline a text comes back as plain text in the format asked for, marked degraded. A format that is drawn has
no such fallback: plain text costs as much in it.
"""

from functools import cached_property

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandbox.time_limit import TimeLimit
from mergepoint.kit.sandboxed import TaskSandbox

from . import lexers, stylesheets, tasks
from .formats import DEFAULT, FORMATS, Format
from .options import BatchOptions, CheckOptions, GuessOptions, HighlightOptions

# Of 672 legitimate files none takes longer than 0.1 s and 10 µs a byte.
DEADLINE, DEADLINE_PER_BYTE, LONGEST_DEADLINE = 0.1, 10e-6, 5.0
# Drawing costs more than writing: measured 3 µs a byte over text, and the fonts are opened at the first call.
DRAWING, DRAWING_PER_BYTE = 0.2, 10e-6
GUESS_DEADLINE = 0.2  # promised are 0.4 on a machine that has a processor for it
# Plain text in its place must be written in time too: at most 3 µs a line (rtf with numbers), next to nothing a byte.
FALLBACK_PER_LINE = 3e-6
PLAIN_DEADLINE = 1.0  # plain text takes milliseconds; with a whole LONGEST_DEADLINE before it, nginx still waits
CHECK_DEADLINE = 1.0  # for looking up a name, which takes at most a millisecond or two
MOST_KNOWN = 4096  # names that are not looked up again


def deadline(options: HighlightOptions) -> float:
    """Return how many seconds highlighting may take, from the size of the text."""
    size = len(options.code.encode())
    seconds = DEADLINE + size * DEADLINE_PER_BYTE
    if _format(options).drawn:
        seconds += DRAWING + size * DRAWING_PER_BYTE
    return min(seconds, LONGEST_DEADLINE)


class RequestLimits:
    """The time of one request, shared by its texts: *seconds* to highlight, and PLAIN_DEADLINE for fallbacks."""

    def __init__(self, sandbox: TaskSandbox, seconds: float) -> None:
        self.whole = sandbox.limit(seconds)
        self._sandbox = sandbox

    @cached_property
    def plain(self) -> TimeLimit:
        """Begins with the first fallback."""
        return self._sandbox.limit(PLAIN_DEADLINE)


class Deadlines:
    """The calls on texts, each within its deadline. Names of languages that exist are remembered from call to call."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def highlight(self, sandbox: TaskSandbox, options: HighlightOptions, limits: RequestLimits | None = None) -> Answer:
        """Highlight one text, within *limits* that it may share with others."""
        self._refuse_unknown_names(sandbox, options)
        whole = deadline(options)
        limits = limits or RequestLimits(sandbox, whole)
        has_fallback = not options.strict and not _format(options).drawn
        spared = options.code.count("\n") * FALLBACK_PER_LINE if has_fallback else 0.0
        try:
            return sandbox.run("highlight", options, deadline=limits.whole.part(whole - spared))
        except DeadlineExceeded:
            if not has_fallback:
                raise Problem("deadline_exceeded", f"took longer than {whole:.2f} s") from None
        return _plain(sandbox, options, limits.plain)

    def batch(self, sandbox: TaskSandbox, options: BatchOptions) -> Answer:
        """Highlight up to 100 texts, which share one deadline: the sum of theirs, LONGEST_DEADLINE at most."""
        if not sandbox.prepared:  # the batch's time begins when the sandbox is ready
            _plain(sandbox, HighlightOptions(code=""), TimeLimit(PLAIN_DEADLINE))
        limits = RequestLimits(sandbox, min(sum(map(deadline, options.snippets)), LONGEST_DEADLINE))
        return tasks.batch(options, lambda snippet: self.highlight(sandbox, snippet, limits))

    def guess(self, sandbox: TaskSandbox, options: GuessOptions) -> Answer:
        """Rank the languages that a text may be in; past the deadline there are none."""
        beginning = options.model_copy(update={"code": options.code[: lexers.GUESS_FROM]})
        try:
            return sandbox.run("guess", beginning, deadline=GUESS_DEADLINE)
        except DeadlineExceeded:
            return Answer.json({"candidates": []}, **{"Mergepoint-Degraded": "deadline"})

    def _refuse_unknown_names(self, sandbox: TaskSandbox, options: HighlightOptions) -> None:
        """Raise for an unknown name in *options* before any deadline runs, so that this is never a degraded answer."""
        stylesheets.find(options.style)
        if options.dark_style:
            stylesheets.find(options.dark_style, "dark_style")
        if options.language is None or options.fallback == "plain" or options.language in self._known:
            return
        try:
            sandbox.run("check", CheckOptions(language=options.language), deadline=CHECK_DEADLINE)
        except DeadlineExceeded:
            raise Problem("overloaded", "too much to do; try again in a second") from None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(options.language)


def _plain(sandbox: TaskSandbox, options: HighlightOptions, limit: TimeLimit) -> Answer:
    plain = options.model_copy(update={"language": "text"})
    try:
        answer = sandbox.run("highlight", plain, deadline=limit)
    except DeadlineExceeded:
        raise Problem("deadline_exceeded", "even plain text took too long") from None
    return Answer(answer.body, answer.type, {**answer.meta, "Mergepoint-Degraded": "deadline"})


def _format(options: HighlightOptions) -> Format:
    return FORMATS[options.format or DEFAULT]
