"""Driving After Effects' own command line renderer: its arguments, its log, its watchdogs and its verdict.

Knows processes and log lines. Must not know projects, jobs of a farm or HTTP.
"""
