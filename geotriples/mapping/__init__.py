"""What a mapping says: the model, its reader, its normal form, its problems."""
