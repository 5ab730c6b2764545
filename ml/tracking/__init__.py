"""What was trained and measured: a record of each run, and how runs compare."""
