from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note
def separate_groups(layer: Json, notes: list[Note]) -> None:
    """x."""
