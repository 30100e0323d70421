"""What the evaluating process is given: a composition of a project, or an animation."""

AFTER_EFFECTS, LOTTIE = "after_effects", "lottie"
