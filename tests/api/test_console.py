"""What commands say, and to whom."""

import io
import json
import sys

import pytest

from api.cli.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(console: Console) -> None:
    with console.progress() as progress:
        for fraction in (0.0, 0.5, 1.0):
            progress("classify", fraction)
        progress("load", 1.0)


def test_a_terminal_shows_a_bar_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    work(Console())
    text = terminal.getvalue()
    assert "classify" in text
    assert "load" in text
    assert "100%" in text
    assert "\x1b[3" not in text  # no colours


def test_a_pipe_gets_a_line_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    work(Console())
    captured = capsys.readouterr()
    assert captured.err == "classify ...\nload ...\n"
    assert captured.out == ""


def test_quiet_says_nothing_but_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json=True, quiet=True)
    work(console)
    console.message("not shown")
    console.report({"name": "Ärzte"}, "not shown")
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {"name": "Ärzte"}
