"""Whether an instruction is like those that are known, by its letters alone.

The encoder hashes character n-grams and words with signs (Weinberger et al., "Feature Hashing",
ICML 2009): nothing is learnt or downloaded, and equal texts have equal codes on every machine.
The distance is SafeFlow's (Cho et al., arXiv 2603.23983): Mahalanobis to one Gaussian of all known
texts, its limit a quantile of their own distances, each with that text left out. Known texts that
are all unlike each other would let anything pass: the limit is at most STRANGE of the distance of a
text that shares nothing with them.

It tells texts apart, not meanings. "Push the green cube onto the red disc" is near "push the red
cube onto the green disc"; a paraphrase in other words is far, and asks.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aura_ros.guard.ood.shrinkage import shrunk_covariance, whitening
from aura_ros.guard.risk.conformal import CalibrationError, upper_bound
from aura_ros.types import Array

DIMENSIONS = 256
LENGTHS = (2, 3, 4)
WORD_WEIGHT = 3.0
FEWEST = 3
STRANGE = 0.6


@dataclass(frozen=True)
class KnownTexts:
    """Known ``instructions``, declared ``paraphrases`` of them, the ``limit`` of the distance and
    the share of new texts of their kind that would ask (leave-one-out: approximate)."""

    instructions: tuple[str, ...]
    paraphrases: tuple[str, ...]
    limit: float
    holds: float


class Distance:
    """Mahalanobis distance to known texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._mean, covariance = shrunk_covariance(np.array([encode(text) for text in texts]))
        self._white = whitening(covariance)
        least = float(np.linalg.eigvalsh(covariance)[0])
        self.stranger = float(np.sqrt(1 / least + self.of("") ** 2))
        """Distance of a text that has no letters in common with them."""

    def of(self, text: str) -> float:
        """How far a text is from them."""
        return float(np.linalg.norm(self._white @ (encode(text) - self._mean)))


def normalised(text: str) -> str:
    """Without case and extra spaces: what makes no other instruction."""
    return " ".join(text.casefold().split())


def encode(text: str) -> Array:
    """Code (DIMENSIONS,) of unit length; zero for an empty text."""
    text = normalised(text)
    padded = f" {text} "
    grams = [padded[i : i + n] for n in LENGTHS for i in range(len(padded) - n + 1)]
    code = np.zeros(DIMENSIONS)
    weighted = [(gram, 1.0) for gram in grams if text]
    for token, weight in weighted + [(f"word {word}", WORD_WEIGHT) for word in text.split()]:
        hashed = zlib.crc32(token.encode())
        code[hashed % DIMENSIONS] += weight if hashed >> 31 else -weight
    return code / max(float(np.linalg.norm(code)), 1e-12)


def known_texts(
    instructions: Sequence[str], paraphrases: Sequence[str] = (), alpha: float = 0.05
) -> KnownTexts:
    """Calibrate on known texts. Raises CalibrationError where they are fewer than FEWEST."""
    told = tuple(dict.fromkeys(filter(None, map(normalised, instructions))))
    others = tuple(t for t in dict.fromkeys(map(normalised, paraphrases)) if t and t not in told)
    texts = told + others
    if len(texts) < FEWEST:
        raise CalibrationError(
            f"{len(texts)} known instructions and paraphrases; at least {FEWEST} different ones "
            "are needed: declare paraphrases"
        )
    left_out = [Distance(texts[:i] + texts[i + 1 :]).of(text) for i, text in enumerate(texts)]
    bound = upper_bound(np.array(left_out), alpha)
    # Too few for alpha: the largest itself, without a margin; unknown texts are to ask.
    limit = min(bound.limit, max(left_out), STRANGE * Distance(texts).stranger)
    asking = float(np.mean(np.array(left_out) > limit))
    return KnownTexts(told, others, limit, max(bound.holds, asking))
