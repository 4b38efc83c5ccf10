"""Doing what a granted request asks: erasing, restricting, putting right (AVG 16-19, 21)."""
