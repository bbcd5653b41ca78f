"""``python -m aura_ros.serve``: the command ``aura serve`` in environments without its tables."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from aura_ros.serve.run import HOST, PORT, serve


def main() -> int:
    """Serve until asked to end; the exit status."""
    parser = argparse.ArgumentParser(prog="aura_ros.serve", description="Serve a frozen policy.")
    parser.add_argument("--backend", required=True, help="demo, lerobot, pi0, or module:factory")
    parser.add_argument("--path", required=True, type=Path, help="directory of the checkpoint")
    parser.add_argument("--host", default=HOST, help="address to listen on; 0.0.0.0: all")
    parser.add_argument("--port", default=PORT, type=int, help="0: a free one")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    try:
        serve(given.backend, given.path, given.host, given.port, logging.info)
    except (ValueError, RuntimeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:  # while the policy was being loaded
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
