"""Cover from the owner's side: a zone of its own, requests for a quote, quotes; what is shown follows the licence."""
