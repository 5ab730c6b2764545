"""What `spark-submit` runs, in a folder of its own: there Python looks for modules."""
