"""The history of the database's form, one file per step in `versions/`, run by `foundation.migrating`.

A step that has been released is never edited; audit tables are never batch-altered (SQLite would
silently drop their triggers).
"""
