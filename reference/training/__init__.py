"""Training, from real data to the small models that ship: ``python -m reference.training --help``."""
