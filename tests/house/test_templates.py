"""Templates keep to the strict Content-Security-Policy, and never print what they have not escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A mail reader has no stylesheet of ours and asks for no script.
MAIL = ROOT / "templates" / "mail"

FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "an inline event handler": re.compile(r"<[^>{%]*\son[a-z]+\s*=", re.I),
    "a script address": re.compile(r"javascript:", re.I),
    "an unescaped value": re.compile(r"\|\s*safe\b|\bMarkup\(|autoescape\s+false"),
    "an inline style": re.compile(r"<style\b|<[^>{%]*\sstyle\s*=", re.I),
    "an asset of another host": re.compile(
        r"""<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*["'](?:https?:)?//"""
    ),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_is_clean(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.S)
    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    if MAIL in template.parents:
        found = [what for what in found if what != "an inline style"]
    assert found == []


def test_there_are_templates() -> None:
    assert TEMPLATES
