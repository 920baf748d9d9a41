"""The atlas of a class's mistakes: hand-ins whose code computes the same, however it is written and whatever it is told.

Everything here is made of the staff's records of the hand-ins (``report/staff.py``). Nothing of it is worth a point: it
is what a person looks at.

| file      | holds                                                                       |
| --------- | --------------------------------------------------------------------------- |
| ``groups`` | who makes the same mistake, and what it is                                 |
| ``drafts`` | an entry for the catalogue, begun, for a mistake that none explains        |
| ``rare``   | two who share what hardly anybody else does, and how alike their code is   |
"""

from .drafts import draft
from .groups import Group, groups
from .rare import Pair, by_tokens, pairs

__all__ = ["Group", "Pair", "by_tokens", "draft", "groups", "pairs"]
