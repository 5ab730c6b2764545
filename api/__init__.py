"""HTTP and the command line: the only layer that knows all packages."""
