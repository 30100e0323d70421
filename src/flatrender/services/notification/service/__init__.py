"""Notification's rules. No HTTP, no SQL."""
