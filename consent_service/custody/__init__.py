"""What happens to keys over time. Each step is logged; rotation and recovery come with epochs."""
