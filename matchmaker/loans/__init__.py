"""What was paid out: one row per loan that stands; its life after pay-out comes later."""
