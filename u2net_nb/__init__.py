__version__ = "0.1.0"

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # nbs/00_core.ipynb, "Threads that wait", says why
