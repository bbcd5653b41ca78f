"""``python -m aura_ros.cli``."""

from aura_ros.cli import main

if __name__ == "__main__":
    main()
