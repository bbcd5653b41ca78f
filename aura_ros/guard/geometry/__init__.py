"""Geometry of the plan that will move: links, tools and regions, how near they come."""
