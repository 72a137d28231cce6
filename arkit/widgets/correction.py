"""The screen for bulk corrections: file, check, review, apply, outcome."""

from collections.abc import Mapping
from pathlib import Path

import ipywidgets as ipw

from arkit.client import Client
from arkit.corrections import plans
from arkit.corrections.checks import Check, check
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import CONFIRMED_CHARACTERS, Plan
from arkit.corrections.states import State
from arkit.widgets import markup
from arkit.widgets.correction_pages import CheckPage, FilePage, ReviewPage
from arkit.widgets.jobs import Job, seldom
from arkit.widgets.outcome_pages import ApplyPage, OutcomePage
from arkit.widgets.screens import Screen

STEPS = ("File", "Check", "Review", "Apply", "Outcome")
FILE, CHECK, REVIEW, APPLY, OUTCOME = range(len(STEPS))


def correct(client: Client, *, plan: str | None = None) -> "Correct":
    """The screen that takes a bulk file to proved corrections.

    Example:
        >>> screen = arkit.widgets.correct(client)
        >>> screen
        >>> screen.checked, screen.plan, screen.outcome

    Args:
        plan: the id of a plan to go on with, or its first characters; without it a file is asked for.

    Raises:
        UsageError: there is no such plan.
        JournalError: the journal cannot be read.
    """
    screen = Correct(client)
    if plan is not None:
        screen.take_up(plans.load(plan, client.customers, client.calls, client.workspace))
    return screen


class Correct(Screen):
    """See `correct`.

    Attributes:
        checked: what the check of the file found; None before.
        plan: what would change; None before the review.
        outcome: what became of each row; None before it was applied.
    """

    def __init__(self, client: Client, *, strict: bool = False, inline: bool = False) -> None:
        super().__init__(client, strict=strict, inline=inline)
        self.checked: Check | None = None
        self._read: Check | None = None
        self.plan: Plan | None = None
        self.outcome: Outcome | None = None
        self._step = FILE
        self._names: Mapping[str, str] = {}
        self.show_values = ipw.Checkbox(
            description="Show values", indent=False, layout=ipw.Layout(width="auto", margin="2px 0 0 12px")
        )
        self.file_page = FilePage(self.guarded)
        self.check_page = CheckPage(self.guarded, self.show_values)
        self.review_page = ReviewPage(self.guarded, self.show_values)
        self.apply_page = ApplyPage()
        self.outcome_page = OutcomePage(self.guarded)
        pages = (self.file_page, self.check_page, self.review_page, self.apply_page, self.outcome_page)
        self._steps = ipw.HTML()
        self._pages = ipw.Stack([page.view for page in pages], selected_index=FILE)
        self.view.children = [
            ipw.HTML(self.banner()),
            self._steps,
            self.errors.view,
            self.status,
            self._pages,
        ]
        self._listen()
        self.refresh()

    def _listen(self) -> None:
        for button, work in (
            (self.file_page.go, self._check),
            (self.check_page.back, self._start_over),
            (self.check_page.go, self._review),
            (self.review_page.back, self._start_over),
            (self.review_page.go, self._apply),
            (self.apply_page.stop, self._stop),
            (self.outcome_page.go_on, self._go_on),
            (self.outcome_page.again, self._start_over),
        ):
            button.on_click(self.guarded(lambda _, work=work: work()))
        self.check_page.on_accept = self._accept
        for widget in (
            self.file_page.upload,
            self.file_page.path,
            self.review_page.reviewed,
            self.review_page.confirmed,
        ):
            widget.observe(self.guarded(lambda _: self.refresh()), "value")
        self.show_values.observe(self.guarded(lambda _: self._redraw()), "value")

    def take_up(self, plan: Plan) -> None:
        """Show a plan where it stands: for review if nothing of it was sent, else its outcome so far."""
        self.plan = plan
        if {row.state for row in plan.rows} <= {State.PLANNED, State.SKIPPED_NOOP}:
            self.review_page.show(plan, self._names, is_sandbox=self.client.is_sandbox)
            self._go_to(REVIEW)
        else:
            self._show_outcome(Outcome(plan.id, plan.rows))

    def refresh(self) -> None:
        """Which page is shown and what can be pressed follows from the state."""
        self._steps.value = markup.steps(STEPS, self._step)
        self._pages.selected_index = self._step
        free = not self.is_busy
        self.file_page.go.disabled = not (free and self.file_page.is_chosen)
        self.check_page.go.disabled = not (free and self.checked is not None and self.checked.ok)
        self.review_page.go.disabled = not (free and self.review_page.is_agreed)
        for box in self.check_page.proposals.children:
            box.disabled = not free
        for button in (self.check_page.back, self.review_page.back):
            button.disabled = not free
        self.apply_page.stop.disabled = free

    def _check(self) -> None:
        file = self.file_page.file(self.client.workspace)

        def work(_: Job) -> tuple[Check, Path | None]:
            known = self.client.customers.fetch()
            names = known[["customer_id", "legal_name"]].dropna()
            self._names = dict(zip(names["customer_id"], names["legal_name"], strict=True))
            checked = check(file, kind="customer-update", known=known)
            return checked, _marked(checked, self.client.workspace / "results")

        def done(found: tuple[Check, Path | None]) -> None:
            self._read, marked = found
            self.checked, self.plan, self.outcome = self._read, None, None
            self.check_page.offer(self._read, marked)
            self.check_page.show(self._read)
            self._go_to(CHECK)

        self.start("Fetching the customers and checking the file.", work, done)

    def _accept(self, rules: list[str]) -> None:
        """Take the proposals of these rules, and of no others."""
        read = self._read
        if read is None or self.is_busy:
            return

        def done(checked: Check) -> None:
            self.checked = checked
            self.check_page.show(checked)
            self.refresh()

        self.start("Checking with these proposals taken.", lambda _: read.accept(*rules), done)

    def _review(self) -> None:
        checked = self.checked
        if checked is not None:
            sentence = "Reading the customers of the file from the server."
            self.start(sentence, lambda _: self.client.customers.plan(checked), self.take_up)

    def _apply(self) -> None:
        plan = self.plan
        if plan is None or not self.review_page.is_agreed:
            return
        typed = self.review_page.confirmed.value.strip().lower()
        self._send(plan, typed or plan.id[-CONFIRMED_CHARACTERS:])

    def _go_on(self) -> None:
        """What was agreed to once needs no second agreement: the plan is frozen."""
        if self.plan is not None:
            self._send(self.plan, self.plan.id[-CONFIRMED_CHARACTERS:])

    def _send(self, plan: Plan, confirm: str) -> None:
        if self.is_busy:
            return
        came_from = self._step

        def work(job: Job) -> Outcome:
            try:
                return plan.apply(confirm=confirm, on_progress=seldom(progress), should_stop=job.should_stop)
            except BaseException:
                self._go_to(came_from)
                raise

        def progress(counts: Mapping[str, int], sentence: str) -> None:
            self.tell(f"{self.apply_page.tell(counts)} — {sentence}")

        self._go_to(APPLY)
        self.apply_page.begin(len(plan.rows))
        self.start("Beginning.", work, self._show_outcome)

    def _stop(self) -> None:
        self.stop()
        self.apply_page.stop.disabled = True
        self.apply_page.stop.description = "Stopping after this chunk"

    def _show_outcome(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._go_to(OUTCOME)
        self.outcome_page.show(outcome, self.client.workspace / "results")

    def _start_over(self) -> None:
        self.errors.clear()
        self.file_page.forget()
        self.show_values.value = False
        self._go_to(FILE)

    def _redraw(self) -> None:
        self.check_page.table.draw()
        self.review_page.table.draw()

    def _go_to(self, step: int) -> None:
        self._step = step
        self.refresh()

    def __repr__(self) -> str:
        results = (self.checked, self.plan, self.outcome)
        last = next((repr(result) for result in reversed(results) if result is not None), "no file yet")
        return f"<arkit screen correct · step {STEPS[self._step]} · {last}>"


def _marked(checked: Check, folder: Path) -> Path | None:
    """The file with its bad cells marked, if it has any."""
    if checked.sheet is None or checked.problems.empty:
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{checked.path.stem}-checked.xlsx"
    checked.to_workbook(path)
    return path
