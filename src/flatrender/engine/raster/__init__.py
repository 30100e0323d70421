"""Drawing frames in worker processes.

ThorVG is native code that a bad scene can crash or hang, so it is loaded in workers only; `pool` runs and watches them. Knows resolved
scenes and nothing of templates, films or sound.
"""
