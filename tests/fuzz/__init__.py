"""Coverage-guided fuzzing of everything that reads what strangers send: README.md says how to run it."""
