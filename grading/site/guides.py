"""The guides, in the order in which they are read. Those for staff say how one grades, and where the grader's limits are."""

FOR_STUDENTS = ("students",)
FOR_STAFF = ("course", "kit", "greatlakes", "results", "threats", "audit")


def index(staff: bool) -> str:
    """The list of them, as MyST."""
    shown = "\n".join(FOR_STUDENTS + FOR_STAFF * staff)
    return f"# Guides\n\n```{{toctree}}\n:maxdepth: 1\n\n{shown}\n```\n"
