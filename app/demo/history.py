"""The history of the demo: a year of orders."""
