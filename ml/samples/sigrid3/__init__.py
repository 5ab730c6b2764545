"""Ice charts in SIGRID-3: read, checked, drawn, made labels of, and written."""
