"""After Effects projects: opened, understood, reported on, converted to Lottie, written and rendered.

Knows `.aep` files and the engine. Must not know HTTP, databases or services.
"""
