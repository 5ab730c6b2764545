"""The page: a query box, a table and a map; static, and without any outside help."""
