"""What travels into a worker: the contract's functions on top of a kit's own code.

Nothing here is imported on our side. A file is copied into the copy of the submission, as the package that the worker's
loader asks first. It must hold nothing that a student is not to read, and it needs torch and the standard library only.
"""
