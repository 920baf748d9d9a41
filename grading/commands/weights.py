"""Fetch the courses' pretrained weights ahead of time, or say what there is."""

import argparse

HELP = "fetch the courses' pretrained weights ahead of time"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones, or all; without a name they are listed")
    parser.add_argument("--list", action="store_true", help="only say what there is, how large, under which licence")


def run(arguments: argparse.Namespace) -> int:
    from ..pictures import fetch

    return fetch.main(arguments)
