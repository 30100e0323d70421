"""Music, voice-over, effects and the sound of clips into one track as long as the film. Knows ffmpeg and nothing of pictures."""
