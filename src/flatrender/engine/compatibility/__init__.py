"""What of an animation the open engine does not draw as it was designed, by layer and with the cause.

Looks at a Lottie as data, after nothing has been rewritten; draws nothing.
"""

from flatrender.engine.compatibility.report import Finding, Report, SceneVerdict, Verdict, compatibility

__all__ = ["Finding", "Report", "SceneVerdict", "Verdict", "compatibility"]
