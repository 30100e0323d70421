"""The six services, all built alike; none knows another."""
