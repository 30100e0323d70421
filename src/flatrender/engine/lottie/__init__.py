"""Lottie as data: reading it within limits, walking it, writing values into it.

Knows the Lottie format only. Must not know templates or fields, nor how text is shaped.
"""
