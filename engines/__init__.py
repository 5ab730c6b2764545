"""Who runs SQL and how each engine spells it; geodesy that no engine offers."""
