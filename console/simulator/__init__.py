"""A department's own system, simulated: for tests, demonstrations, and departments' developers to measure theirs by."""
