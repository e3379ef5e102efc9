"""What a benchmark says: figures, bars, and whether they hold."""

import math
import statistics
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


class Bars:
    """The table of a benchmark: what was measured, the bar, and whether it holds."""

    def __init__(self, title: str) -> None:
        self.table = Table("quantity", "measured", "bar", "", title=title)
        self.failed = 0

    def note(self, quantity: str, measured: str) -> None:
        self.table.add_row(quantity, measured, "", "")

    def most(self, quantity: str, value: float, limit: float, unit: str = "", *, judged: bool = True) -> None:
        self._judge(quantity, f"{value:.3g}{unit}", f"<= {limit:g}{unit}", judged=judged, good=value <= limit)

    def least(self, quantity: str, value: float, limit: float, unit: str = "") -> None:
        self._judge(quantity, f"{value:.0f}{unit}", f">= {limit:g}{unit}", judged=True, good=value >= limit)

    def same(self, quantity: str, found: object, truth: object) -> None:
        self._judge(quantity, str(found), f"= {truth}", judged=True, good=found == truth)

    def _judge(self, quantity: str, measured: str, bar: str, *, judged: bool, good: bool) -> None:
        self.failed += judged and not good
        verdict = "[green]PASS" if good else "[red]FAIL"
        self.table.add_row(quantity, measured, bar, verdict if judged else "not judged")

    def close(self) -> None:
        """Prints the table; the exit code is 1 if any bar was missed."""
        console = Console()
        console.width = max(console.width, 120)
        console.print(self.table)
        sys.exit(1 if self.failed else 0)
