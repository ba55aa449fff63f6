"""What the worker does with a price list whose day has come, in processes that are killed at any point of it.

For each line that it reads it starts such a process; a number is the seconds after which to kill it. Says "done" or
"killed".
"""

from __future__ import annotations

import os
import signal
import sys
import time

from app.factory import create_app
from catalog.actions.price_list import publish_due
from catalog.search import follow_index

if __name__ == "__main__":
    app = create_app()  # connects to nothing yet, so nothing is shared with the processes
    for line in sys.stdin:
        if (process := os.fork()) == 0:
            with app.app_context():
                publish_due()
                follow_index()
            os._exit(0)
        if line.strip():
            time.sleep(float(line))
            os.kill(process, signal.SIGKILL)  # it cannot be another one's number before we have waited for it
        _, status = os.waitpid(process, 0)
        print("done" if status == 0 else "killed" if os.WIFSIGNALED(status) else "failed", flush=True)
