"""What every figure ends as: a row of the table, and the ways to judge one."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Row:
    figure: str
    measured: str
    at_least: str = ""
    aim: str = ""
    ratio: str = ""
    verdict: str = ""
    raw: dict = field(default_factory=dict)


def against(figure, unit, ours, theirs, aim=1.0):
    """A cost beside nginx's in the same rounds. aim: the ratio that is aimed at."""
    ratio = median(ours) / median(theirs)
    by_round = [our / their for our, their in zip(ours, theirs)]
    digits = 1 if unit == "µs" else 2
    return Row(
        figure, f"{median(ours):.{digits}f} {unit} (nginx {median(theirs):.{digits}f})",
        "1.3 x nginx", f"{aim} x nginx", f"{ratio:.2f} (by round {median(by_round):.2f})",
        judge(ratio, 1.3, aim),
        {"rounds": ours, "nginx": theirs, "ratio": ratio, "ratio by round": by_round,
         "ratio of best": min(ours) / min(theirs)})


def limit(figure, value, at_least, aim, unit=""):
    said = f" {unit}" if unit else ""
    return Row(
        figure, f"{value:.2f}{said}", f"{at_least}{said}", f"{aim}{said}",
        verdict=judge(value, at_least, aim), raw={"value": value})


def informs(row):
    row.at_least, row.aim, row.verdict = "", "", "-"
    return row


def judge(value, at_least, aim):
    return "aim" if value <= aim else "at least" if value <= at_least else "MISSED"


def worst(verdicts):
    """Of figures that share a row."""
    return max(verdicts, key=["-", "met", "aim", "at least", "MISSED"].index)
