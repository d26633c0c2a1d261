"""Pure rules of cover asked for: which conditions it meets, questions by line, states, clocks, quotes."""
