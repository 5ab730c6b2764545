"""Models that are kept: by content, in versions, with what is known of them."""
