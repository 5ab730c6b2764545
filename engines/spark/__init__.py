"""Spark with Apache Sedona: sessions, columns made in tasks, jobs that can be watched.

Nothing here is imported without the `spark` extra being asked for; see docs/adr/0021.
"""
