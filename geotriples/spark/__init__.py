"""Plans on Spark: their SQL, what tasks do, and the files that tasks write."""
