"""What the standards say, as data and pure functions, free of any engine."""
