"""aura_ros: memory, failure prediction, authorization and smooth execution for any frozen VLA.

The package's path is extended, so that a source checkout also finds the generated
``aura_ros.msg``, which the ROS build installs elsewhere.
"""

import os
from pkgutil import extend_path

# The matrices here are small: threads of a linear algebra library would only spin beside the
# command loop. Has no effect where numpy was imported before, or the user chose a number.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__path__ = extend_path(__path__, __name__)
