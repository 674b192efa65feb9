"""What the tests of this folder start from. (versitygw itself is in tests/conftest.py.)"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("lambda", "transcribe")]
