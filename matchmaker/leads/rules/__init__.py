"""Rules of a lead, plain Python: states and steps, clocks, reason codes, consents, branches, order of the queue."""
