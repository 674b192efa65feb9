"""Whether something grows: samples at rest, and a straight line through them."""

import os
from dataclasses import dataclass, field


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@dataclass
class Series:
    """One thing over time. most: what it may grow by from the end of the warm-up to the last sample, by the line."""

    name: str
    unit: str
    most: float
    samples: list = field(default_factory=list)     # (seconds, value)

    @property
    def last(self):
        return self.samples[-1][1]

    def growth(self, warm_s):
        """By the line of least squares; 0 where there are too few samples."""
        points = [(at, value) for at, value in self.samples if at >= warm_s]
        if len(points) < 3:
            return 0.0
        middle = sum(at for at, _ in points) / len(points)
        mean = sum(value for _, value in points) / len(points)
        spread = sum((at - middle) ** 2 for at, _ in points)
        slope = sum((at - middle) * (value - mean) for at, value in points) / spread
        return slope * (points[-1][0] - points[0][0])

    def grows(self, warm_s):
        return self.growth(warm_s) > self.most

    def said(self, warm_s):
        values = [value for at, value in self.samples if at >= warm_s] or [self.last]
        return (f"{self.name}: {min(values):.2f} to {max(values):.2f} {self.unit} at rest, "
                f"{self.growth(warm_s):+.3f} by the line (at most {self.most:+g})")
