"""Run a command as a fork, which begins sooner: `python -m lola.commands.forked COMMAND …` (`lola.files.warm`)."""

import os
import sys

from lola.files import warm


def main() -> None:
    if sys.argv[1] == "serve":
        warm.begin(int(sys.argv[2]))
    else:
        warm.hand_over(sys.argv[1:])
        os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
