"""What follows from the reference data: size class, working time, credit codes, priority sectors; plain rules."""

from matchmaker.reference.rules.credit_code import CreditCode, complete, read_credit_code
from matchmaker.reference.rules.sectors import PrioritySector, priority_sectors
from matchmaker.reference.rules.size import SIZES, SizeClass, SizeGroup, size_class
from matchmaker.reference.rules.size import groups as size_groups
from matchmaker.reference.rules.working_time import (
    DAY_END,
    DAY_START,
    LAST_KNOWN_YEAR,
    days_off_between,
    end_is_provisional,
    end_of_clock,
    festival_on,
    is_provisional,
    is_working_day,
    moment_of_share,
    next_working_day,
    share_used,
    time_passed,
    working_days_between,
)

__all__ = [
    "DAY_END",
    "DAY_START",
    "LAST_KNOWN_YEAR",
    "SIZES",
    "CreditCode",
    "PrioritySector",
    "SizeClass",
    "SizeGroup",
    "complete",
    "days_off_between",
    "end_is_provisional",
    "end_of_clock",
    "festival_on",
    "is_provisional",
    "is_working_day",
    "moment_of_share",
    "next_working_day",
    "priority_sectors",
    "read_credit_code",
    "share_used",
    "size_class",
    "size_groups",
    "time_passed",
    "working_days_between",
]
