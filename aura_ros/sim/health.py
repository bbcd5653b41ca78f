"""The node's diagnostics (REP 107): a warning lasts as long as its cause, counters stay."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue


@dataclass(frozen=True)
class Health:
    """Counters since the start, the faults that act now, and the time of a pair of images."""

    skipped_s: float = 0.0
    render_ms: float = 0.0
    dropped_frames: int = 0
    refused: int = 0
    last_refusal: str = ""
    faults: tuple[str, ...] = ()


def diagnose(node: str, now: Health, before: Health) -> list[DiagnosticStatus]:
    """One line each for physics, cameras, commands and faults; ``before`` is the last period's."""
    skipped_s = now.skipped_s - before.skipped_s
    dropped = now.dropped_frames - before.dropped_frames
    return [
        _line(
            f"{node}: physics",
            f"left {skipped_s:.2f} s out: the machine is too slow" if skipped_s else "",
            "in time",
            skipped_s=f"{now.skipped_s:.3f}",
        ),
        _line(
            f"{node}: cameras",
            f"dropped {dropped} frames: lower camera_rate or the image size" if dropped else "",
            f"{now.render_ms:.1f} ms for both images",
            render_ms=f"{now.render_ms:.2f}",
            dropped_frames=now.dropped_frames,
        ),
        _line(
            f"{node}: commands",
            now.last_refusal if now.refused > before.refused else "",
            "taken",
            refused=now.refused,
            last_refusal=now.last_refusal,
        ),
        _line(f"{node}: faults", ", ".join(now.faults), "none"),
    ]


def _line(name: str, warning: str, normal: str, **values: object) -> DiagnosticStatus:
    return DiagnosticStatus(
        name=name,
        level=DiagnosticStatus.WARN if warning else DiagnosticStatus.OK,
        message=warning or normal,
        hardware_id="embedded_panda",
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
