"""Saved projects: people's own films as documents, previewed, frozen and sent to render.

Knows templates by what content says of them. Must not know how scenes are bound or drawn.
"""
