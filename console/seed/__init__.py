"""A believable week in an invented city, for trying the hotline out: see `console/commands/seed.py`."""
