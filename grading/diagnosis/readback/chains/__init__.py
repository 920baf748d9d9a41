"""Samplers read step by step: the network and the noise source are asked on this side, so that every step is seen.

    trace (what was asked, told, drawn) → steps (the image before, eps, the draw, the image after) → what each of them is

A step whose terms are known is a call of a step function with known arguments: its weights are read by the same algebra,
and a catalogued mistake of a step function is known in every chain that takes such steps. What was found is put together
into one chain, which counts only if, replayed, it gives every answer that came back.

| file      | holds                                                                                   |
| --------- | --------------------------------------------------------------------------------------- |
| ``kinds`` | the five samplers, and the calls that are followed                                        |
| ``trace`` | one call as it was seen from outside                                                      |
| ``visits`` | which timesteps are visited, what the network is told                                    |
| ``draws`` | which draw goes where                                                                     |
| ``moments`` | a trace cut into steps                                                                  |
| ``forms`` | the formulas of one step                                                                  |
| ``steps`` | what a step computes: right, catalogued, or read                                          |
| ``blends`` | what an inpainting chain puts back                                                       |
| ``clips`` | what is cut off, and where                                                              |
| ``chain`` | a whole chain as it was read, replayed                                                    |
| ``read``  | the search for it                                                                         |
"""

from .kinds import KINDS as CHAINS
from .read import read_chain

__all__ = ["CHAINS", "read_chain"]
