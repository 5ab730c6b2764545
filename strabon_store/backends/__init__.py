"""A relational plan becomes SQL, one engine each."""
