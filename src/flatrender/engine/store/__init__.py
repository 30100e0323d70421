"""What was made before, by what it was made of: segments, mixed sound, stills. Kept on disk, found by content, checked when it is read.

Knows scenes, settings and files. Must not know how anything is drawn: it is asked before drawing, and may say no at any time.
"""

from flatrender.engine.store.disk import Store, StoreInfo

__all__ = ["Store", "StoreInfo"]
