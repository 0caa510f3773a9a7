"""A worker process of the local runner: Beam's own, quiet, and gone when its run is."""

import logging
import signal
import sys


def main() -> None:
    """Serve one run; what a worker would log of its coming and going is nothing to its user."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the run decides what follows
    logging.disable(logging.WARNING)
    from apache_beam.runners.worker import sdk_worker_main  # logs as it is imported

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
