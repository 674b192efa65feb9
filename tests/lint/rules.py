#!/usr/bin/env python3
"""rules.py [ROOT]: the house rules that no linter knows, for the C files of proxy/ and extension/. (Others are held to the layout only.
Tables, the files called .def, may be of any length, and have their rows in order.)

Prints `file:line: rule` for each breach; the exit status is 1 if there is one.
Comments and strings are blanked before code is looked at, so both may name what code may not call.
"""

import re
import sys
from pathlib import Path

MAX_LINES = 400
MAX_COLUMNS = 100

# From the cellar up. A room may include itself and any room before it: dependencies point down the house.
ROOMS = [
    "proxy/base",
    "proxy/http",
    "proxy/aws",
    "proxy/transcribe",
    "proxy/io",
    "proxy/credentials",
    "proxy/permissions",
    "proxy/pages",
    "proxy/exchange",
    "proxy",
    "extension",
]

# (what the code may not say, where it may, why)
BANNED = [
    (r"\b(v?sprintf|strcpy|strcat|strtok|atoi|gets|localtime|alloca) ?\(", (),
     "unsafe or not reentrant: take snprintf, buf, strtol, gmtime_r"),
    (r"\b((secure_)?getenv|environ)\b", ("extension/variable.c", "extension/config"),
     "only the configuration reads the environment"),
    (r"\b_?exit ?\(", ("extension/",), "only extension/ ends the process"),
    (r"\bSSL_\w+ ?\(", ("proxy/io/tls.c", "proxy/io/trust.c"), "SSL_ only in proxy/io/tls.c and trust.c"),
]
NO_UV = ("proxy/base/", "proxy/http/", "proxy/aws/", "proxy/permissions/", "proxy/transcribe/", "extension/event.")

# The rows of a table, by their first column; one whose first line says so has them in an order of its own.
ROW = re.compile(r'ROW\("([^" ]*)')
ORDERED = "in this order"

PHASE = re.compile(r"->\w*phase = ")
FUNCTION = re.compile(r"\w.*?(\w+)\(")
INCLUDE = re.compile(r'#include ["<](.+)[">]')
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text):
    """The text without its comments and strings, line for line."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def check_layout(name, lines):
    if len(lines) > MAX_LINES and not name.endswith(".def"):
        yield MAX_LINES, f"{len(lines)} lines, {MAX_LINES} are allowed"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns, {MAX_COLUMNS} are allowed"
        if line != line.rstrip():
            yield number, "trailing white space"
    if name.endswith(".h") and "#pragma once" not in lines:
        yield 1, "a header without #pragma once"


def check_table(lines):
    """A file that is nothing but a table may be as long as that is, and has its rows in order."""
    rows = [(number, match[1]) for number, line in enumerate(lines, 1) if (match := ROW.match(line))]
    for number, line in enumerate(lines, 1):
        if not re.match(r'ROW\("|    "|/\*| \*', line):
            yield number, "no row of a table, and no comment"
    for (_, before), (number, row) in zip(rows, rows[1:]):
        if ORDERED not in lines[0] and row < before:
            yield number, f"{row} stands behind {before}: rows are sorted"


def check_calls(name, code):
    for number, line in enumerate(code, 1):
        for pattern, allowed, why in BANNED:
            found = re.search(pattern, line)
            if found and not name.startswith(allowed or ("nowhere",)):
                yield number, f"{found[0].rstrip(' (')}: {why}"


def check_phases(name, code):
    """A phase changes in enter(), or in one enter_…() for each kind of phase, and nowhere else."""
    function = ""
    for number, line in enumerate(code, 1):
        found = FUNCTION.match(line)
        if found:
            function = found[1]
        if PHASE.search(line) and not re.fullmatch(r"(\w+_)?enter(_\w+)?", function):
            yield number, "a phase is assigned outside enter()"


def check_includes(name, lines):
    includes = [(number, match[1]) for number, line in enumerate(lines, 1) if (match := INCLUDE.match(line))]
    room = str(Path(name).parent)
    for number, include in includes:
        other = str(Path(include).parent)
        if include == "uv.h" and name.startswith(NO_UV):
            yield number, "no <uv.h> here: this must work without a loop"
        if include.startswith(("proxy/", "extension/")) and other not in ROOMS:
            yield number, f"{other} is no room of the house"
        elif other in ROOMS and ROOMS.index(other) > ROOMS.index(room):
            yield number, f"{room} may not include {other}: dependencies point down the house"


def check_own_header(name, lines, root):
    header = name.removesuffix(".c") + ".h"
    if name.endswith(".c") and (root / header).exists():
        first = next((match[1] for line in lines if (match := INCLUDE.match(line))), None)
        if first != header:
            yield 1, f"must include its own header, {header}, first"


def check_file(root, name):
    """(line, breach) of one file."""
    text = (root / name).read_text(encoding="utf-8")
    lines, code = text.splitlines(), blank(text).splitlines()
    yield from check_layout(name, lines)
    if name.endswith(".def"):
        yield from check_table(lines)
        return
    if name.startswith(("tests/", "layer/")):
        return
    if str(Path(name).parent) not in ROOMS:
        yield 1, "in no room of the house"
        return
    yield from check_calls(name, code)
    yield from check_phases(name, code)
    yield from check_includes(name, lines)
    yield from check_own_header(name, lines, root)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    places = ("proxy", "extension", "layer", "tests/unit", "tests/fuzz", "tests/tables", "tests/streams", "tests/bench")
    names = sorted(str(path.relative_to(root)) for top in places
                   for path in (root / top).rglob("*") if path.suffix in (".c", ".h", ".def", ".inc"))
    breaches = [f"{name}:{line}: {what}" for name in names for line, what in check_file(root, name)]
    print("\n".join(breaches), end="\n" if breaches else "")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
