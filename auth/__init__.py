"""Who: organisations, units, users, roles, sessions, permissions and the journal."""
