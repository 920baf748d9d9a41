"""What student code finds around it: a machine like the one that it was written on, without a GPU and what is not here.

| file               | holds                                                                               |
| ------------------ | ----------------------------------------------------------------------------------- |
| ``stand_in``       | an object in the place of what is not here, which says so when it is used            |
| ``absent``         | packages that are not installed, as stand-ins                                        |
| ``forbidden``      | what a course does not want to be used: as absent, and each attempt is noted         |
| ``asked``          | who asks for a module, and whether it can do without                                 |
| ``progress``       | progress bars that iterate and show nothing                                          |
| ``cuda``           | a GPU's habits on the CPU, in the precision of the arguments                         |
| ``preload``        | slow packages that a submission mentions, imported once for all of its workers       |
"""
