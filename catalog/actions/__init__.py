"""The use cases of the catalogue, one file a noun: who may, what must hold, which state, and the journal."""
