"""Jobs: beside the caller, stopped by asking."""

import threading

from arkit.widgets.jobs import TOLD_EVERY_S, Job, seldom


def test_a_job_runs_in_a_thread_that_does_not_keep_the_process_alive() -> None:
    ran: list[threading.Thread] = []
    ended = threading.Event()

    def work(_: Job) -> None:
        ran.append(threading.current_thread())
        ended.set()

    Job(work).start()
    assert ended.wait(10)
    assert ran[0] is not threading.current_thread()
    assert ran[0].daemon


def test_a_job_is_asked_to_stop_and_goes_on_until_it_looks() -> None:
    looked: list[bool] = []

    def work(job: Job) -> None:
        looked.append(job.should_stop())
        job.stop()
        looked.append(job.should_stop())

    Job(work, inline=True).start()
    assert looked == [False, True]


def test_progress_is_told_at_once_and_then_seldom() -> None:
    told: list[int] = []
    tell = seldom(told.append)
    for number in range(1_000):
        tell(number)
    assert told[0] == 0
    assert len(told) < 10
    threading.Event().wait(TOLD_EVERY_S)
    tell(1_000)
    assert told[-1] == 1_000
