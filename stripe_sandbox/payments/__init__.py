"""Cards, charges and fees."""
