"""Writes of leads: choosing and sending, the institution's work, offers and money, the owner's answers, the clocks."""
