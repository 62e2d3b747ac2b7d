"""THE WORK: one request, from letter to reply letter, and the clock on every step."""
