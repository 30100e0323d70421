"""Identity: who is asking, which tenant they belong to, what they may do. Knows nothing of templates, films or files."""
