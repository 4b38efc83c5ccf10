"""Who may read or share what, judged by Cedar policies and nothing else."""
