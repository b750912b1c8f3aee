"""The service's clock, a parameter of whoever needs it.

Expiry in the database is decided by the database's clock alone; this one signs tokens and reads them.
"""

import time
from collections.abc import Callable

Clock = Callable[[], float]

system_clock: Clock = time.time
