"""Class maps become polygons that tile the plane, with attributes."""
