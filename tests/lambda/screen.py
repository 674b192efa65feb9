"""What the demo prints: numbered steps, aligned, in colour only for a terminal that wants it."""

import os
import re
import shutil
import sys
import textwrap
import threading

INDENT = 5


def wrap(text, width):
    """The text in lines of at most that width, broken at blanks, or after the commas of a JSON text."""
    if not text.startswith("{"):
        return textwrap.wrap(text, width, break_on_hyphens=False)
    lines = [""]
    for piece in re.findall(r"[^,]+,?|,", text):
        if len(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece
    return lines


class Screen:
    """Prints steps as they come, from any thread, and counts the right and the wrong ones."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.colour = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.width = min(100, shutil.get_terminal_size((100, 24)).columns)
        self.lock = threading.RLock()
        self.steps, self.wrong, self.last, self.fresh = 0, [], None, True

    def paint(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def line(self, text=""):
        with self.lock:
            print(text, file=self.out, flush=True)

    def title(self, text):
        self.line()
        self.line(self.paint("1", text))
        self.line()
        self.fresh = True

    def fact(self, name, text):
        """One line of the setting: its name, and what there is."""
        first, *rest = textwrap.wrap(text, self.width - 13) or [""]
        self.line(f"  {self.paint('36', name.ljust(11))}{first}")
        for line in rest:
            self.line(" " * 13 + line)

    def step(self, what, request, answer, seconds, right, also=()):
        """One exchange: request is its lines as sent, answer (status, text), also the answer's further lines.

        The same request again (a poll) shows only its answer.
        """
        with self.lock:
            if (what, request) != self.last:
                self._request(what, request)
            self._answer(*answer, seconds, right)
            for line in also:
                self.line(" " * (INDENT + 4) + line)
            if not right:
                self.wrong.append(f"{self.steps}. {what}")

    def _request(self, what, request):
        if not self.fresh:
            self.line()
        self.steps, self.last, self.fresh = self.steps + 1, (what, request), False
        self.line(f" {self.steps:>2}  {self.paint('1', what)}")
        first, *rest = request
        self.line(" " * INDENT + self.paint("36", first))
        for line in rest:
            self._wrapped(line, INDENT + 4, code="2")

    def _answer(self, status, text, seconds, right):
        mark = self.paint("32", "ok") if right else self.paint("31;1", "WRONG")
        taken = f"{seconds * 1000:>6.0f} ms"
        room = self.width - INDENT - 4 - len(taken) - len("  WRONG ")
        first, *rest = textwrap.wrap(text, room) or [""]
        code = "32" if str(status)[0] in "02" else "33"
        self.line(f"{' ' * INDENT}{self.paint(code, str(status))} {first.ljust(room)}  {taken}  {mark}")
        for line in rest:
            self.line(" " * (INDENT + 4) + line)

    def _wrapped(self, text, indent, code):
        for line in wrap(text, self.width - indent):
            self.line(" " * indent + self.paint(code, line))

    def verdict(self, seconds, said):
        """The last lines; whether all was right. said, what the programs printed, is for when it was not."""
        self.line()
        right = not self.wrong
        if right:
            self.line(self.paint("32;1", f"All {self.steps} steps right, in {seconds:.1f} s."))
        else:
            for line in said:
                self.line(f"     {self.paint('2', line)}")
            for line in self.wrong:
                self.line(self.paint("31;1", f"WRONG: {line}"))
        return right
