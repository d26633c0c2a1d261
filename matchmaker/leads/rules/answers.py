"""What is published of how an institution answers: second looks and what became of them, with how many there were.

Under twenty there is no rate, only the counts (visual language, principle 7).
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_RATE = 20
"""With fewer second looks decided no share is told."""

LONGEST_REPLY = 300


@dataclass(frozen=True)
class SecondLooks:
    """Counts of second looks of one institution.

    `asked` = `offered` + `declined` + `late` + `open_` + `ended` (the owner took it back, or the need ended).
    """

    asked: int = 0
    after_silence: int = 0
    after_repair: int = 0
    offered: int = 0
    declined: int = 0
    late: int = 0
    open_: int = 0

    @property
    def decided(self) -> int:
        """How many were answered by somebody else with a yes or a no; late ones count as a no that nobody gave."""
        return self.offered + self.declined + self.late

    @property
    def ended(self) -> int:
        return self.asked - self.decided - self.open_

    @property
    def overturned_percent(self) -> int | None:
        """The share that became an offer, in whole percent; None below twenty decided."""
        return round(100 * self.offered / self.decided) if self.decided >= SMALLEST_RATE else None
