"""Use cases about accounts, organisations, people and substitutions. They ask who, then what, then which."""
