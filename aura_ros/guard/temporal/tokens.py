"""The words, numbers and marks of a formula, one after another, and errors that point at them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

LONGEST_TEXT = 1000

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<mark><=|>=|[<>()+\-*/,\[\]])|(?P<other>\S))"
)
INDEX = re.compile(r"\s*\[\s*([^\[\]]*?)\s*\]")


class FormulaError(ValueError):
    """A formula that cannot be read: ``column`` (from 1) and ``words`` say where and why."""

    def __init__(self, column: int, words: str) -> None:
        self.column, self.words = column, words
        super().__init__(f"column {column}: {words}")


@dataclass(frozen=True)
class Token:
    """A piece of text: its kind (number, word, mark, other or end), first column, and end."""

    kind: str
    text: str
    column: int
    end: int


class Tokens:
    """What was not taken yet of a text; ``next`` comes first."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            words = f"expected at most {LONGEST_TEXT} characters, found {len(text)}"
            raise FormulaError(LONGEST_TEXT + 1, words)
        self._text = text
        self._go_on(0)

    @property
    def column(self) -> int:
        """Where the next token begins."""
        return self.next.column

    def take(self, *texts: str) -> str:
        """The next word or mark, if it is one of ``texts``; empty otherwise."""
        if self.next.kind not in ("word", "mark") or self.next.text not in texts:
            return ""
        return self._taken()

    def expect(self, text: str) -> None:
        """Take this word or mark."""
        if not self.take(text):
            self.fail(text)

    def number(self, highest: float = math.inf) -> float:
        """Take a number."""
        expected = "a number" if math.isinf(highest) else f"a number up to {highest:g}"
        if self.next.kind != "number" or not math.isfinite(float(self.next.text)):
            self.fail(expected)
        if float(self.next.text) > highest:
            self.fail(expected)
        return float(self._taken())

    def word(self) -> str:
        """Take the next token, whatever it is."""
        return self._taken()

    def index(self) -> str | None:
        """Take a name in brackets, if one stands here."""
        match = INDEX.match(self._text, self.next.column - 1)
        if match is None:
            return None
        self._go_on(match.end())
        return match[1]

    def fail(self, expected: str) -> NoReturn:
        """Say what was expected instead of the next token."""
        raise FormulaError(self.column, f"expected {expected}, found {self.next.text}")

    def _taken(self) -> str:
        text = self.next.text
        self._go_on(self.next.end)
        return text

    def _go_on(self, position: int) -> None:
        match = TOKEN.match(self._text, position)
        if match is None:
            self.next = Token("end", "the end", len(self._text) + 1, len(self._text))
            return
        kind = str(match.lastgroup)
        self.next = Token(kind, match[kind], match.start(kind) + 1, match.end())
