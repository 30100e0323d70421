"""Type: fonts, the bidirectional algorithm, shaping, line breaking, layout, and glyphs as Lottie outlines.

Knows fonts and Unicode. Must not know templates, fields or pictures.
"""
