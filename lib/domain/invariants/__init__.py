"""What must be true of the stored documents, read independently of the code that writes them (docs/INVARIANTS.md).

Documents come in as plain values, violations come out. Figures are recomputed here from the documents alone: sharing
the writer's arithmetic would let a mistake there prove itself right.
"""
