"""Reads the count of a petition off its page, with one way of reading for each platform."""
