"""After Effects' expression language: evaluated by a JavaScript engine, in a process with limits of time and memory.

Knows nothing of Lottie files or projects as Python sees them: they are described to the process as JSON.
"""

from flatrender.engine.expressions.evaluator import ExpressionsNotEvaluated, ask
from flatrender.engine.expressions.kinds import AFTER_EFFECTS, LOTTIE

__all__ = ["AFTER_EFFECTS", "LOTTIE", "ExpressionsNotEvaluated", "ask"]
