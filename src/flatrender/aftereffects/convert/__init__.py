"""A composition of a project becomes a Lottie animation.

Knows the project's object model and the Lottie form (https://lottie.github.io/lottie-spec/). Must not know how either is drawn.
"""

from flatrender.aftereffects.convert.composition import Conversion, convert_composition

__all__ = ["Conversion", "convert_composition"]
