"""Which settings count when a reload fails, however often one was asked for meanwhile."""

import dataclasses

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from authsvc import workers
from authsvc.settings import Settings


class App:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


@pytest.fixture
def master(base_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> workers._Arbiter:
    """A master of which one worker serves, and whose next worker cannot start."""

    def cannot_start(arbiter: Arbiter) -> None:
        raise HaltServer("Worker failed to boot.", 3)

    monkeypatch.setattr(Arbiter, "reap_workers", cannot_start)
    found: workers._Arbiter = workers._Arbiter.__new__(workers._Arbiter)
    monkeypatch.setattr(workers._Arbiter, "num_workers", 1)  # gunicorn's tells its configuration
    found.app, found.worker_age = App(dataclasses.replace(base_settings, workers=1)), 1
    return found


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_reload_that_fails_leaves_the_settings_that_served(
    master: workers._Arbiter, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = master.app.settings
    for count in range(times):
        unproven = dataclasses.replace(served, workers=count + 2)
        monkeypatch.setattr(workers, "_read_again", lambda former, found=unproven: found)
        master.handle_usr2()
        assert (master.app.settings, master.num_workers) == (unproven, count + 3)
    master.reap_workers()
    assert (master.app.settings, master.num_workers, master._stale) == (served, 1, 0)


def test_a_reload_after_one_that_succeeded_falls_back_to_that(
    master: workers._Arbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven = dataclasses.replace(master.app.settings, workers=2)
    monkeypatch.setattr(workers, "_read_again", lambda former: proven)
    master.handle_usr2()
    master._stale = 0  # as when all workers have been replaced
    monkeypatch.setattr(workers, "_read_again", lambda former: dataclasses.replace(proven, workers=3))
    master.handle_usr2()
    master.reap_workers()
    assert (master.app.settings, master.num_workers) == (proven, 2)
