"""What every screen has: a banner, a box for errors, a guard around each callback, one job at a time."""

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import ipywidgets as ipw

from arkit.client import Client
from arkit.errors import ArkitError
from arkit.widgets import markup
from arkit.widgets.jobs import Job

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Errors:
    """The box in which a screen says what went wrong; hidden as long as nothing did."""

    def __init__(self) -> None:
        self._sentence = ipw.HTML()
        self._trace = ipw.HTML()
        self._details = ipw.Accordion([self._trace], titles=("Details",), selected_index=None)
        self.view = ipw.VBox([self._sentence, self._details])
        self.clear()

    @property
    def text(self) -> str:
        """The HTML that is shown; empty if there is nothing to say."""
        return str(self._sentence.value + self._trace.value)

    def show(self, error: Exception) -> None:
        """An error of arkit is its own sentence; of any other the details are shown too."""
        is_known = isinstance(error, ArkitError)
        sentence = (
            str(error) if is_known else f"Unexpected: {type(error).__name__}. Please report the details."
        )
        self._sentence.value = markup.error(sentence)
        lines = "" if is_known else "".join(traceback.format_exception(error))
        self._trace.value = f"<pre>{markup.escaped(lines)}</pre>" if lines else ""
        self._details.layout.display = "" if lines else "none"
        self.view.layout.display = ""

    def clear(self) -> None:
        """Nothing is wrong."""
        self._sentence.value = self._trace.value = ""
        self.view.layout.display = "none"


class Screen:
    """Base of the screens; one is made per call, and its handlers are set once.

    Attributes:
        view: the widget that shows it.
        errors: the box for errors.
        status: the line that says what is going on.
    """

    def __init__(self, client: Client, *, strict: bool = False, inline: bool = False) -> None:
        """Begin with an empty box for errors.

        Args:
            strict: raise unexpected exceptions after showing them; for tests.
            inline: run jobs in the caller's thread; for tests.
        """
        self.client = client
        self.errors = Errors()
        self.status = ipw.HTML()
        self.view = ipw.VBox()
        self._strict, self._inline = strict, inline
        self._job: Job | None = None
        self.tell("")

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way."""
        return self._job is not None

    def guarded(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work` with its exceptions shown: those of a callback would be seen by nobody."""

        @functools.wraps(work)
        def run(*args: Any) -> Any:
            try:
                return work(*args)
            except Exception as error:  # the last line of defence: nothing may vanish
                self.errors.show(error)
                if isinstance(error, ArkitError):
                    return None
                log.exception("screen %s", type(self).__name__)
                if self._strict:
                    raise
                return None

        return run

    def start(self, sentence: str, work: Callable[[Job], Result], done: Callable[[Result], None]) -> None:
        """Run `work` as the screen's only job, then `done` with its result; nothing if a job is under way."""
        if self.is_busy:
            return
        self.errors.clear()

        def run(job: Job) -> None:
            try:
                done(work(job))
            finally:
                self._job = None
                self.tell("")
                self.refresh()

        self._job = Job(self.guarded(run), inline=self._inline)
        self.tell(sentence)
        self.refresh()
        self._job.start()

    def tell(self, sentence: str) -> None:
        """Say what is going on; nothing is, if the sentence is empty."""
        self.status.value = markup.status(sentence)
        self.status.layout.display = "" if sentence else "none"

    def stop(self) -> None:
        """Ask the job to end where it can."""
        if self._job is not None:
            self._job.stop()

    def refresh(self) -> None:
        """Bring what can be pressed and seen into line with the state of the screen."""

    def banner(self) -> str:
        """Where the screen is at work: words and a colour that cannot be taken for the other ones."""
        profile = self.client.profile
        if self.client.is_sandbox:
            return markup.banner(
                "SANDBOX", f"company {profile.company_id}, nothing real can be changed", "good"
            )
        return markup.banner("LIVE", f"company {profile.company_id} at {profile.origin}", "odd")

    def _repr_mimebundle_(self, **_: Any) -> Any:
        """The widget; its text is what a page without a kernel shows."""
        return {**self.view._repr_mimebundle_(), "text/plain": repr(self)}
