"""Files: what people upload and services make, kept under an id, counted against quotas, reached by links. Knows nothing of templates or films."""
