"""What may cross the boundary, and how. Both sides use it; nothing in it trusts the other one.

| file       | holds                                                                          |
| ---------- | ------------------------------------------------------------------------------ |
| ``wire``   | the protocol: JSON for structure, safetensors for tensors, never pickle        |
| ``values`` | what an argument can be besides plain data: leaves, probes, seeded generators  |
| ``probes`` | known functions and networks, built by name on the side where they are used    |
| ``calls``  | a call, and what came of it as plain data                                      |
| ``places`` | in which file of a submission a graded function stands                         |
| ``layers`` | what the kernel can close to student code, in words                      |
| ``random_state`` | whether a call has seeded the global random states, or merely used them  |
"""
