"""Expressions of a composition: described to the evaluating process of the engine, and what it answers.

Knows the project's object model. Must not know the Lottie form.
"""

from flatrender.aftereffects.expressions.evaluate import Evaluated, Expressions

__all__ = ["Evaluated", "Expressions"]
