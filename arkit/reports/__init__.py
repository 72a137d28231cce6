"""Results as files for people."""
