"""Raw bcrypt: password checks and nothing else, in as many threads as authsvc hashes in.

python raw_bcrypt.py COST COUNT THREADS    prints wall and CPU seconds as JSON
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import bcrypt

PASSWORD = b"nine lively otters"


def main(cost: int, count: int, threads: int) -> None:
    """Check one password so many times."""
    stored = bcrypt.hashpw(PASSWORD, bcrypt.gensalt(cost))
    with ThreadPoolExecutor(threads) as pool:
        used, began = _cpu(), time.perf_counter()
        assert all(pool.map(lambda _: bcrypt.checkpw(PASSWORD, stored), range(count)))
        print(json.dumps({"seconds": time.perf_counter() - began, "cpu": _cpu() - used}))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
