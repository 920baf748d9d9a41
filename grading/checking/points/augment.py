"""No fixed points: what these functions return is random, and the checks look at structure and statistics."""
