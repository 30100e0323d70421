from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note
def combine_masks(layer: Json, notes: list[Note]) -> None:
    """x."""
