"""Earth-observation products become class maps, and maps become polygons."""
