"""The untrusted side: everything here runs in the process that holds the student's code.

It imports torch, numpy and itself, never the reference, the fixtures or the checks: what is not in this process cannot be stolen
from it. :mod:`wire` and :mod:`probes` and :mod:`values` are shared with the trusted side.
"""
