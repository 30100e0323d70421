"""Builds template packages (`docs/template-format.md`) from Python: Lottie scenes, pictures, music, manifest.

Knows the Lottie form and the package format. Everything it makes is a pure function of the scripts: no clock, no randomness
without a fixed seed, so that building again gives the same bytes.
"""
