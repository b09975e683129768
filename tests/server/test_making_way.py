"""Rendering makes way for what is typed: however many questions wait, only one of them is begun and given up."""

from __future__ import annotations

import threading
from pathlib import Path

from sqla_lsp.server.analysis import Analysis, Load, Result
from sqla_lsp.server.convert import Converter
from sqla_lsp.server.options import Options
from sqla_lsp.server.projects import Projects
from sqla_lsp.text.lines import Encoding
from tests.server.sample import migration, project


class _Nobody:
    """Hears nothing."""

    def judged(self, results: list[Result]) -> None:
        """Findings."""

    def showing(self, paths: frozenset[str]) -> None:
        """Files."""

    def problems(self, sentences: tuple[str, ...]) -> None:
        """Problems."""


def test_one_question_is_given_up_and_not_all_that_wait(tmp_path: Path) -> None:
    path = str(project(tmp_path.resolve()))
    analysis = Analysis(Converter(Encoding.UTF8, lambda path: path, False, False, False), _Nobody())
    begun: list[int] = []
    first, typed = threading.Event(), threading.Event()

    def asked(number: int, projects: Projects) -> int:
        begun.append(number)
        first.set()
        assert typed.wait(20)
        analysis.give_way()
        return number

    try:
        analysis.load(Load((str(tmp_path.resolve()),), Options(), lambda done, total: None, lambda error: None))
        questions = [analysis.ask(lambda projects, number=number: asked(number, projects), renders=True) for number in range(5)]
        assert first.wait(20)
        analysis.text(path, migration("orders").encode())
        typed.set()
        assert [question.result(20) for question in questions] == list(range(5))
        assert begun == [0, 0, 1, 2, 3, 4]
    finally:
        analysis.stop(20)
