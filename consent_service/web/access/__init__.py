"""Files of one's own data: made and looked through at the desk, taken on the own page or given on paper."""
