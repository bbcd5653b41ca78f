"""MetaWorld as the outside check: tasks and scripted experts that others wrote.

Yu et al., "Meta-World: A Benchmark and Evaluation for Multi-Task and Meta Reinforcement Learning",
2019; the package ``metaworld`` of the Farama Foundation.
"""
