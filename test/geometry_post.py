"""A post beside the embedded robot, and how far MuJoCo finds it."""

from __future__ import annotations

import mujoco

from aura_ros.sim.model import robot_spec
from aura_ros.types import Array

BOX = {"center": [0.36, 0.22, 0.4], "size": [0.08, 0.08, 0.5]}
POST = {"name": "post", "box": BOX}


class Oracle:
    """MuJoCo's distance of the arm from BOX, from the URDF's meshes and boxes."""

    def __init__(self) -> None:
        spec = robot_spec()
        half = [size / 2 for size in BOX["size"]]
        spec.worldbody.add_geom(
            name="post", type=mujoco.mjtGeom.mjGEOM_BOX, size=half, pos=BOX["center"]
        )
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.post = self.model.geom("post").id
        base = self.model.body("panda_link0").id
        carried = self.model.geom_bodyid
        self.arm = [g for g in range(self.model.ngeom) if g != self.post and carried[g] > base]

    def distance(self, joints: Array) -> float:
        self.data.qpos[:8], self.data.qpos[8] = joints, joints[7]
        mujoco.mj_kinematics(self.model, self.data)
        away = [
            mujoco.mj_geomDistance(self.model, self.data, geom, self.post, 0.5, None)
            for geom in self.arm
        ]
        return min(away)
