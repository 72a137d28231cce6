"""From a file of corrections to a proved outcome."""
