"""Figures go into README between markers, so that they are a script's and nobody's memory; plots into docs/.

A table there is that of a whole run: TABLES says of which rows, and tests/e2e/test_readme.py that they are there.
"""

TABLES = {
    "figures": (
        "CPU per 1 KiB GET, 1 / 16 / 64 connections",
        "CPU per 1 KiB PUT, 1 / 16 / 64 connections",
        "time added to a direct GET, p50 / p99",
        "CPU per GiB, GET of 1 GiB",
        "CPU per GiB, PUT of 1 GiB",
        "memory growth in a GET or PUT of 1 GiB",
        "where a second of a GET or PUT goes, by samples of perf",
        "CPU of a PUT of 1 GiB, other forms beside plain",
        "CPU of a PUT of 1 GiB, signed chunks beside plain and SHA-256",
        "memory growth in a PUT of 1 GiB in any form but parts",
        "new TLS connections per 1,000 requests",
        "resident memory, dynamic build: idle; after one request",
        "resident memory, static file: idle; 256 clients at rest; peak of 64 streams of 1 GiB",
        "exec to registered",
        "first byte of a GET before the second came",
        "signing a GET, its key derived already",
        "freezes and thaws, 10000",
    ),
    "cold figures": (
        "file; zip (x86_64)",
        "file; zip (arm64)",
        "exec to registered",
        "resident memory, idle",
        "exec to first signed GET",
        "Python, exec to first object; memory",
        "Node, exec to first object; memory",
        "added to an invoke without requests",
    ),
}
PLOTS = "memory", "cold-start"


class NotWhole(Exception):
    """The rows are not those that README has."""


def markdown(heads, rows):
    """A table of rows of cells."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, ["---"] * len(heads), *rows])


def names(table):
    """The first cells of such a table."""
    return tuple(line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|"))[2:]


def paste(file, mark, table, machine):
    """Puts both between <!-- mark --> and <!-- /mark -->; an error where they are not there."""
    if names(table) != TABLES[mark]:
        odd = set(names(table)) ^ set(TABLES[mark])
        raise NotWhole(f"{file} stays as it is: it wants a whole run's rows in their order; unlike are {sorted(odd)}")
    before, rest = file.read_text(encoding="utf-8").split(f"<!-- {mark} -->")
    after = rest.split(f"<!-- /{mark} -->")[1]
    file.write_text(f"{before}<!-- {mark} -->\n{table}\n\n{machine}.\n<!-- /{mark} -->{after}", encoding="utf-8")


def draw(readme, plots):
    """Writes {name: SVG} to docs/ beside README."""
    for name, text in plots.items():
        (readme.parent / "docs" / f"{name}.svg").write_text(text, encoding="utf-8")
