"""`python -m dateline`: the command line."""

from dateline.runners.command.cli import program

if __name__ == "__main__":
    program()
