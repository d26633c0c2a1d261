"""The folder of a business: each paper once, of which kind, valid until when; not what is sent of it (leads)."""
