"""Keeps a local Firestore beyond its process: a data directory that survives crashes, and data sets to share."""
