"""Pictures as drawings that can be recoloured: traced in a process with limits, mapped to a template's colour slots, written as SVG.

`tracing` is the door; `drawing` is the only form in which an SVG leaves or comes back; `recoloring` is the arithmetic that browsers repeat.
"""
