"""The composition root: settings, wiring, applications, executor and the supervisor of `flatrender up`."""
