"""The file somebody gets about the own data: collected, looked through, handed over (AVG 15, 20)."""
