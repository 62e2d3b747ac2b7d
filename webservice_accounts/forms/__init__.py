"""Forms; mirror `views/` module by module."""
