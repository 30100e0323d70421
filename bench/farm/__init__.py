"""The farm's rules under load: how long a claim takes, how many pieces of work go round in a second, who gets how much."""
