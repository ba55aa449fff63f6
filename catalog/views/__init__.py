"""Pages of the catalogue: search, articles, agreements, and their administration."""
