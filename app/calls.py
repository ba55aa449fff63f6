"""Calls: how templates call functions and macros. A page does so some hundreds of times."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from flask import Flask
from jinja2 import pass_eval_context
from jinja2.runtime import Context, Macro

MARK = "jinja_pass_arg"  # what Jinja's decorators leave on a function that wants to know where it is called
EVAL_CONTEXT = getattr(pass_eval_context(lambda: None), MARK)


class QuickContext(Context):
    """Jinja's own asks of everything that is called what it might be, which takes longer than most calls."""

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """What Jinja's own would give, at once for a macro and for a plain function."""
        mark = getattr(called, MARK, None)
        if mark is EVAL_CONTEXT or isinstance(called, Macro):
            args = (self.eval_ctx, *args)
        elif mark is not None or type(called) is not FunctionType:
            return super().call(called, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


def init_calls(app: Flask) -> None:
    """Let every template of the application call so."""
    app.jinja_env.context_class = QuickContext
