"""The harnesses, by what they feed."""

from tests.fuzz.harness import HARNESSES
from tests.fuzz.parsers import pictures, prices, registers, texts

__all__ = ["HARNESSES", "pictures", "prices", "registers", "texts"]
