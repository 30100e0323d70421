"""A project becomes a template package: scenes, fields, colours, media, fonts, and the project itself where After Effects is needed.

Knows the fields, the conversion and the template format. Must not know where packages are kept.
"""

from flatrender.aftereffects.template.report import MissingFont, MissingFootage, TemplateResult, TemplateScene

__all__ = ["MissingFont", "MissingFootage", "TemplateResult", "TemplateScene"]
