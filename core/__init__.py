"""The ground: database, types, errors, clock, settings, states and web plumbing. Imports nothing of ours."""
