"""From a chosen match to a reported pay-out: consents, the state table, clocks, queue, offers, cost sheets."""
