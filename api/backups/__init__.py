"""Backups of the store that is being served, at `/backups`."""
