"""Expressions of a composition: evaluated frame by frame by a JavaScript engine, in a process with limits.

Knows the project's object model and After Effects' expression language as far as `language.js` speaks it. Must not know the Lottie form.
"""

from flatrender.aftereffects.expressions.evaluate import Evaluated, Expressions

__all__ = ["Evaluated", "Expressions"]
