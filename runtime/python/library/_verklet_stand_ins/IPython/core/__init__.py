"""Where older programs import `display` from."""
