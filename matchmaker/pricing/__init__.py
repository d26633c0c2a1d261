"""What money costs: cash flows, all-in cost, quotes and cost sheets; plain Decimal, no web, no database, no clock."""
