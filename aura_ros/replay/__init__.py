"""The chain over recordings, without ROS: recordings in; decisions, figures and a plot out."""
