"""How near the open engine's pictures come to lottie-web's, file by file and by feature: `python -m bench fidelity`."""
