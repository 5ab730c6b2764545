"""Products become scenes and cubes that models read: calibrated, masked, on a grid."""
