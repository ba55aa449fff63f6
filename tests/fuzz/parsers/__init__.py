"""The harnesses, by what they feed."""

from tests.fuzz.harness import HARNESSES
from tests.fuzz.parsers import documents, pictures, prices, registers, texts

__all__ = ["HARNESSES", "documents", "pictures", "prices", "registers", "texts"]
