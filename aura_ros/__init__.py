"""aura_ros: memory, failure prediction, authorization and smooth execution for any frozen VLA.

The package's path is extended, so that a source checkout also finds the generated
``aura_ros.msg``, which the ROS build installs elsewhere.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
