"""Film clips in image layers: what a clip is, when its layer shows which of its frames, reading them exactly, and its sound.

A resolved scene's Lottie carries each clip's description in its image asset (member `fr_clip`) beside a still of it, so that the scene's
hash covers the clips and any player shows something true; only the files travel beside it. Decoding happens in processes with limits.
"""
