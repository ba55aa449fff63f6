"""Bench: how fast Avrop is, each figure beside its own floor.

A floor is the least that any program must do for the same result: the same strings on a bare canvas, the same rows
by raw INSERT, the same page by bare Flask, ORM and Jinja. It is measured in the same run, taking turns, so that the
ratio holds on a busy machine too.
"""
