"""What benchmarks in closed loop share: the loop in simulated time, its judge, and book-keeping."""
