"""In which themes and widths pages are looked at: each theme and each width once, with RENLING_LOOKS=all every pair.

The style sheet has no rule for a theme at a width (a test holds that), so a pair shows nothing that its halves do not."""

from __future__ import annotations

import os

PAIRS = (("light", 390), ("dark", 1200), ("light", 1200), ("dark", 390))
LOOKS = PAIRS if os.environ.get("RENLING_LOOKS") == "all" else PAIRS[:2]
