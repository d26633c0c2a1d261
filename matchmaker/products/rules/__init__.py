"""Rules of products: states, terms, fees, wording and what changed; plain Python without web, tables or clock."""
