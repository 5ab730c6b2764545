"""What the standards say, as data and pure functions; no engine, no I/O beyond our own vocabularies."""
