"""Music, voice-over and effects into one track as long as the film. Knows ffmpeg and nothing of pictures."""
