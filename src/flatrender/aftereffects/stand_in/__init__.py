"""`flatrender-aerender`: takes `aerender`'s command line on any machine and renders with the open engine.

It prints the log lines and ends with the exit codes of the real one; on request it misbehaves like it too, so that farms can be tested.
"""
