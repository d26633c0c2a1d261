"""Who can get what: facts, declared criteria, verdicts with reasons, and what would change them.

Pure: no web, no database, no clock. It never learns and never ranks; see ``ranking`` for that.
"""
