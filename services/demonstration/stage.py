"""What every story of the demonstration has at hand: its days, cast and words, and its script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from services.demonstration.cast import Actor, Cast
from services.demonstration.dice import Dice
from services.demonstration.moments import midnight, not_after, on
from services.demonstration.script import Script
from services.demonstration.words import Demonstration
from services.rulebooks import Pack

MOST_TITLE = 120


class Stage:
    def __init__(self, pack: Pack, words: Demonstration, today: date) -> None:
        self.pack, self.words, self.today = pack, words, today
        self.first_day = today - timedelta(days=365 * words.years)
        self.script = Script(end=midnight(today))
        self.cast = Cast(pack, [self._joined(i, year) for i, year in enumerate(pack.joined)])

    def dice(self, *story: object) -> Dice:
        return Dice(self.words.seed, *story)

    def ago(self, least: int, most: int, dice: Dice) -> datetime:
        """A working moment so many days before today, never later."""
        return not_after(self.today - timedelta(days=dice.between(least, most)), dice)

    def some_day(self, least: int, dice: Dice) -> datetime:
        """A moment between the second month and `least` days before today; the later years are busier."""
        most = 365 * self.words.years - 60
        days = dice.between(least, most)
        if dice.happens(550):
            days = min(days, dice.between(least, most))
        return on(self.today - timedelta(days=days), dice)

    def say(self, occasion: str, dice: Dice, permille: int = 1000) -> str | None:
        """A sentence for the occasion; none in the other cases of a thousand."""
        return dice.pick(self.words.sayings[occasion]) if dice.happens(permille) else None

    def title(
        self, templates: Sequence[str], topics: Sequence[str], dice: Dice, actor: Actor, *, region: str = "",
        touch: int = 0,
    ) -> str:  # fmt: skip
        """One of the templates, filled in; in `touch` of a thousand cases something follows it."""
        slots = _Slots(self.words.fillers, dice)
        slots |= {"topic": dice.pick(topics), "place": actor.place, "region": region}
        slots["street"] = self.cast.street_of(actor).name
        template = dice.pick(templates)
        if dice.happens(touch):
            twice = "{season}" in template
            template += dice.pick([each for each in self.words.touches if not (twice and "{season}" in each)])
        return template.format_map(slots)[:MOST_TITLE]

    def _joined(self, unit: int, year: int) -> datetime:
        """When a unit was registered: the founders in the first weeks, the others during their year."""
        dice = self.dice("joined", unit)
        days = 2 + dice.below(20) if year == 0 else 365 * (year - 1) + dice.between(60, 330)
        return on(self.first_day + timedelta(days=min(days, 365 * self.words.years - 30)), dice)


class _Slots(dict[str, str]):
    """Fillers, thrown for when they are asked for."""

    def __init__(self, fillers: Mapping[str, Sequence[str]], dice: Dice) -> None:
        super().__init__()
        self._fillers, self._dice = fillers, dice

    def __missing__(self, slot: str) -> str:
        return self._dice.pick(self._fillers[slot])
