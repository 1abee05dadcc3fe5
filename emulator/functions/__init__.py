"""Serves every function of main.py in one process, at the Firebase emulator's URLs."""
