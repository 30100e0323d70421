"""Scene to frames to film.

Knows templates, Lottie, type, raster, sound and film files. Must not know HTTP, users, databases or any other package of ours: files
and values in, frames and files out.
"""
