"""Every figure of the first screen in made-up months, in memory and as printed, held against the list of their requests."""

import pytest
import read_screen
from month_case import Month, Usage
from read_screen import is_change, is_count, is_estimate, is_money, is_percent, is_tokens
from reckoned import Sums

from cclaunch.reports.figures import Figures
from cclaunch.reports.overview import Overview


def sums(figures: Figures) -> Sums:
    """Return our figures as the oracle's: it knows of no doubts, and there are none."""
    assert figures.estimated == 0
    return Sums(*figures[: len(Sums._fields)])


def test_today_weeks_and_month_are_what_their_requests_come_to(month: Month, found: Overview) -> None:
    """Until now, by the clock on the wall; the last week until the same time."""
    truth = month.truth

    assert sums(found.today) == truth.of_day(truth.today)
    assert sums(found.week) == truth.week()
    assert sums(found.before) == truth.week_before()
    assert sums(found.month) == truth.month()


def test_the_pace_is_the_month_and_the_mean_of_the_last_days_for_those_that_are_left(month: Month, found: Overview) -> None:
    """From the third day on."""
    pace = month.truth.pace()

    assert (found.pace_micros is None) == (pace is None)
    assert pace is None or found.pace_micros == pytest.approx(pace, abs=0.5)


def test_each_day_and_the_hit_rate_are_what_their_requests_come_to(month: Month, found: Overview) -> None:
    """Fourteen days, today the last."""
    truth = month.truth

    assert [(day, sums(figures)) for day, figures in found.days] == [(day, truth.of_day(day)) for day in truth.days]
    assert found.recent.hit_rate == pytest.approx(truth.recent().hit_rate)


def test_what_the_days_went_for_is_what_their_requests_come_to(month: Month, found: Overview) -> None:
    """By model, project and profile; those without one are told."""
    assert [top.key for top in found.tops] == ["model", "project", "cclaunch.profile"]
    for top in found.tops:
        assert {share.value: sums(share.figures) for share in top.shares} == month.truth.shares(top.key)


def test_every_figure_of_the_screen_is_printed_as_it_is(month: Month, usage: Usage) -> None:
    """To the last digit that is shown."""
    truth, shown = month.truth, read_screen.read(usage())
    week, recent = truth.week(), truth.recent()

    assert is_money(shown.today, truth.of_day(truth.today).micros)
    assert is_money(shown.week, week.micros)
    assert is_change(shown.change, week.micros, truth.week_before().micros)
    assert (shown.month_name, is_money(shown.month, truth.month().micros)) == (truth.today.strftime("%B"), True)
    pace = truth.pace()
    assert shown.pace is None if pace is None else shown.pace is not None and is_estimate(shown.pace, pace)
    assert is_money(shown.recent, recent.micros)
    assert shown.hit is not None
    assert is_percent(shown.hit, recent.hit_rate)


def test_every_day_of_the_screen_is_printed_as_it_is(month: Month, usage: Usage) -> None:
    """Its date, dollars, requests and tokens."""
    truth, shown = month.truth, read_screen.read(usage()).days

    assert [(one.weekday, one.day) for one in shown] == [(day.strftime("%a"), day.day) for day in truth.days]
    for line, day in zip(shown, truth.days, strict=True):
        of = truth.of_day(day)
        assert is_money(line.cost, of.micros), line
        assert is_count(line.requests, of.requests), line
        assert is_tokens(line.tokens, of.tokens), line


def test_every_share_of_the_screen_is_printed_as_it_is(month: Month, usage: Usage) -> None:
    """Models in percent without what all are called, the others in dollars."""
    truth, whole = month.truth, month.truth.recent().micros
    names = {name: label for label, name in (("opus-5-5", "claude-opus-5-5"), ("sonnet-5", "claude-sonnet-5-20260101"))}
    models = {names.get(str(name), "haiku-5"): of.micros / whole for name, of in truth.shares("model").items()}
    others = {name or f"no {key}": of.micros for key in ("project", "profile") for name, of in truth.shares(key).items()}
    shown = read_screen.read(usage()).tops

    assert [name for name, _ in shown[: len(models)]] == sorted(models, key=lambda name: -models[name])
    for name, figure in shown:
        assert is_percent(figure, models[name]) if name in models else is_money(figure, others[name]), (name, figure)
    assert {name for name, _ in shown} == {*models, *(name for name, micros in others.items() if micros)}
