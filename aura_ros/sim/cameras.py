"""The cameras' thread: it owns the OpenGL context, so that drawing never delays physics."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import perf_counter

import mujoco

from aura_ros.sim.faults import CameraFault, Faults
from aura_ros.sim.model import CAMERAS
from aura_ros.sim.render import Pixels, Pose, Renderer

Publish = Callable[[int, str, Pixels], None]


class CameraThread:
    """Renders the poses it is shown and hands the images on.

    ``publish(stamp_ns, camera, pixels)`` is called in this thread. A pose that comes while
    the one before still waits is dropped and counted.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        size: tuple[int, int],
        faults: Callable[[], Faults],
        publish: Publish,
    ) -> None:
        self._model, self._size, self._faults, self._publish = model, size, faults, publish
        self._shown: Queue[tuple[int, Pose]] = Queue(maxsize=1)
        self._ready, self._stop = Event(), Event()
        self._problem: Exception | None = None
        self._thread = Thread(target=self._run, name="cameras", daemon=True)
        self.dropped, self.render_ms = 0, 0.0

    def start(self) -> None:
        """Begin; raises RenderingUnavailableError if this machine cannot render."""
        self._thread.start()
        self._ready.wait()
        if self._problem is not None:
            raise self._problem

    def show(self, stamp_ns: int, pose: Pose) -> None:
        """Have ``pose``, frozen at ``stamp_ns``, photographed by all cameras."""
        try:
            self._shown.put_nowait((stamp_ns, pose))
        except Full:
            self.dropped += 1

    def stop(self) -> None:
        """End the thread and free its context."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            renderer = Renderer(self._model, *self._size)
        except Exception as problem:
            self._problem = problem
            return
        finally:
            self._ready.set()
        with renderer:
            self._photograph(renderer)

    def _photograph(self, renderer: Renderer) -> None:
        faults = {camera: CameraFault() for camera in CAMERAS}
        while not self._stop.is_set():
            try:
                stamp_ns, pose = self._shown.get(timeout=0.1)
            except Empty:
                continue
            begin = perf_counter()
            kinds = self._faults().cameras
            for camera in CAMERAS:
                pixels = faults[camera].apply(
                    renderer.render(pose, camera), kinds.get(camera, "none")
                )
                self._publish(stamp_ns, camera, pixels)
            self.render_ms = 1e3 * (perf_counter() - begin)
