"""What the kernel can close to student code, by the layer that closes it; a worker says which of it holds."""

LANDLOCK = ("files", "TCP", "signals", "abstract sockets")
SECCOMP = ("UDP and other networks", "other processes", "the kernel's interfaces")
LAYERS = {"Landlock": LANDLOCK, "seccomp": SECCOMP}
