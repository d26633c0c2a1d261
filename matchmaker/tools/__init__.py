"""Public calculators, as pages and as JSON: all-in cost, size class, drawing and repaying at any time."""
