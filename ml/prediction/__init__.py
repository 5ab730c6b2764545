"""Networks say what a scene shows: in tiles, with bounded memory, as rasters."""
