"""Films: planning, encoded segments, joining them, and a whole film on one machine.

Knows raster workers, sound and ffmpeg. Must not know templates: it starts at resolved scenes.
"""
