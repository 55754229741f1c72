"""Buttons for a game, where ipywidgets is installed; without it everything can be typed.

All buttons stay where they are while the game goes on, also those that cannot be used now: the keyboard's place is kept.
"""

from __future__ import annotations

from typing import Any, Protocol

from grader.notebook.chosen_run import CANCEL, TIME

CAN, CANNOT = "▶", "·"
VIEW = "application/vnd.jupyter.widget-view+json"


class Playable(Protocol):
    """What buttons need of a game: `grader.notebook.scheduler_game.Game`."""

    tasks: list[str]
    may_cancel: frozenset[str]
    wrong: str

    @property
    def options(self) -> tuple[str, ...]:
        """The moves that can be made now."""

    @property
    def moves(self) -> str:
        """The moves so far."""

    def move(self, word: str) -> None:
        """Make one more move."""

    def undo(self) -> None:
        """Take the last move back."""

    def enter(self, moves: str) -> None:
        """Play these moves from the start."""

    def _repr_html_(self) -> str: ...


def bundle(game: Playable) -> dict[str, Any]:
    """The part of a mimebundle that shows buttons; empty without ipywidgets, and outside a notebook."""
    panel = panel_of(game)
    if panel is None:
        return {}
    made = panel.box._repr_mimebundle_()
    return {VIEW: made[VIEW]} if made and VIEW in made else {}


def panel_of(game: Playable) -> Panel | None:
    """The buttons of a game; None if ipywidgets is not installed."""
    try:
        import ipywidgets
    except ImportError:
        return None
    return Panel(game, ipywidgets)


class Panel:
    """The widgets of one game.

    Args:
        game: the game.
        widgets: the module ipywidgets.
    """

    def __init__(self, game: Playable, widgets: Any) -> None:
        self.game = game
        self._busy = False
        self.state = widgets.HTML()
        cancels = [f"{CANCEL}{name}" for name in game.tasks if name in game.may_cancel]
        words = [*game.tasks, *([TIME, *cancels] if cancels else [])]
        self.buttons = {word: self._button(widgets, lambda word=word: game.move(word)) for word in words}
        self.others = {
            "go: rest in order": self._button(widgets, lambda: game.move("go")),
            "undo": self._button(widgets, game.undo),
            "start again": self._button(widgets, lambda: game.enter("")),
        }
        self.typed = widgets.Text(description="moves", continuous_update=False, placeholder="such as: b a go")
        self.typed.observe(self._enter, names="value")
        wrap = widgets.Layout(flex_flow="row wrap")
        self.box = widgets.VBox(
            [
                self.state,
                widgets.HBox(list(self.buttons.values()), layout=wrap),
                widgets.HBox(list(self.others.values()), layout=wrap),
                self.typed,
            ]
        )
        self.show()

    def _button(self, widgets: Any, act: Any) -> Any:
        button = widgets.Button()

        def press(_button: Any) -> None:
            act()
            self.show()

        button.on_click(press)
        return button

    def _enter(self, change: Any) -> None:
        if not self._busy:
            self.game.enter(change["new"])
            self.show()

    def show(self) -> None:
        """Show how the game stands now."""
        self._busy = True
        game = self.game
        self.state.value = game._repr_html_()
        for word, button in self.buttons.items():
            sign = CAN if word in game.options else CANNOT
            button.description = f"{sign} {word}"
            button.tooltip = f"{word}: {'can be chosen' if word in game.options else 'cannot be chosen now'}"
        for word, button in self.others.items():
            button.description = word
        if not game.wrong:
            self.typed.value = game.moves
        self._busy = False
