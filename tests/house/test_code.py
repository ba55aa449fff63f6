"""Rules of the house that can be read in the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import PACKAGES, ROOT, modules, nodes, place

# Coordinates on a page, likenesses and measured times are no amounts; the numbers of a spreadsheet become text there.
MAY_USE_FLOAT = (
    *(
        "exchange/painting.py",
        "exchange/pdf",
        "exchange/picture.py",
        "exchange/sheet.py",
        "exchange/smtp.py",
        "exchange/spreadsheet.py",
    ),
    "catalog/likeness.py",
    "app/bench/",
)
REFUSES_FLOAT = "core/types.py"
# The search index is a store of its own, derived from the database and filled after it.
INDEX = "catalog/search/index.py"
# A message is born by an INSERT that may meet its twin, and claimed by an UPDATE that one of several workers wins.
MAY_UPDATE_STATE = ("exchange/outbox.py", "exchange/delivery.py", "app/bench/")
# The demo writes a year of history that nobody lived through.
WRITES_HISTORY = "app/demo/"
GETTEXT = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext", "pgettext", "lazy_pgettext"}


# The rest of exchange: letters, what waits to be sent, its delivery, and the sending.
NO_FORMATS = {"exchange.delivery", "exchange.letter", "exchange.outbox", "exchange.smtp"}


def test_imports_go_down_the_floors() -> None:
    """In a process of its own: import-linter switches off the loggers that other tests read."""
    command = [Path(sys.executable).with_name("lint-imports"), "--config", ROOT / "pyproject.toml", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_formats_know_no_model() -> None:
    """The contract is in pyproject.toml; here: every module of exchange is either under it or named above."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    formats = set(next(c for c in contracts if c["type"] == "forbidden")["source_modules"])
    there = {f"exchange.{p.stem}" for p in (ROOT / "exchange").glob("*.py")} - {"exchange.__init__"}
    assert formats | NO_FORMATS == there and not formats & NO_FORMATS


def test_every_package_stands_on_a_floor_and_is_typed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    there = {name for name in PACKAGES if (ROOT / name / "__init__.py").exists()}
    assert set(settings["importlinter"]["root_packages"]) == there
    assert set(settings["importlinter"]["contracts"][0]["layers"]) == there
    assert set(settings["mypy"]["packages"]) == there
    assert there == {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests", "migrations"}


def test_commit_has_one_site() -> None:
    calls = [
        place(module, node)
        for module, node in nodes(ast.Call)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert {call.split(":")[0] for call in calls} == {"core/db.py", INDEX}, calls


def test_only_the_ground_decides_when_to_commit() -> None:
    """Others say `unit_of_work()`; `core.db.commit` is for tests, which stand outside the house."""
    found = [
        place(module, node)
        for module, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and node.module == "core.db" and any(a.name == "commit" for a in node.names)
    ]
    assert found == []


def test_the_language_is_chosen_in_one_place() -> None:
    """`core.language.speaking` also tells `language()`; flask-babel's own context alone would leave half of a mail in
    the language of whoever caused it."""
    found = [
        place(module, node)
        for module, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and any(a.name in ("force_locale", "get_locale") for a in node.names)
    ]
    assert {site.split(":")[0] for site in found} == {"core/language.py"}, found


def test_state_is_assigned_in_one_place() -> None:
    found = []
    for module, node in nodes(ast.Assign, ast.AugAssign, ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
            found.append(place(module, node))
    assert [site.split(":")[0] for site in found] == ["core/state.py"], found


def test_state_is_not_updated_behind_the_life_cycle() -> None:
    found = []
    for module, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("values", "update"):
            continue
        keys = [keyword.arg for keyword in node.keywords]
        keys += [
            key.value for d in node.args if isinstance(d, ast.Dict) for key in d.keys if isinstance(key, ast.Constant)
        ]
        if "state" in keys and not module.name.startswith((*MAY_UPDATE_STATE, WRITES_HISTORY)):
            found.append(place(module, node))
    assert found == []


def test_no_float_where_money_is() -> None:
    found = [
        place(module, node)
        for module, node in nodes(ast.Name, ast.Attribute)
        if (getattr(node, "id", None) or getattr(node, "attr", None)) in ("float", "Float", "Numeric")
        and not module.name.startswith((*MAY_USE_FLOAT, REFUSES_FLOAT))
    ]
    assert found == []


def test_there_is_one_clock() -> None:
    found = [
        place(module, node)
        for module, node in nodes(ast.Attribute)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today", "fromtimestamp")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert [site.split(":")[0] for site in found] == ["core/clock.py"], found


def test_imports_stand_at_the_top_of_the_file() -> None:
    """But for the roof, which imports late what most starts do not need."""
    found = [
        place(module, inner)
        for module, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom) and not module.name.startswith("app/")
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def test_no_text_hides_in_an_f_string() -> None:
    """The extraction of texts does not look into them, so what stands there is never translated."""
    hidden = [
        place(module, call)
        for module, string in nodes(ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in GETTEXT
    ]
    assert hidden == []
