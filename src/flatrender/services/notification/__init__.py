"""Notification: people hear of what happened, once, in their language, and at once when they look. Knows only what events say."""
