"""Put the portal's page, `firmware/portal/page.html`, as it is into a header of the firmware.

Writes `firmware/lib/gauge_core/src/gauge/portal_page.hpp`.
"""

import sys
from pathlib import Path

from output import main

COMMAND = "python firmware/tools/portal_page.py"
FIRMWARE = Path(__file__).resolve().parents[1]
PAGE = FIRMWARE / "portal/page.html"
HEADER = FIRMWARE / "lib/gauge_core/src/gauge/portal_page.hpp"
END = "page"


def header(page: str) -> str:
    if f"){END}" in page:
        raise ValueError(f"the page must not hold ){END}, which ends the string that it becomes")
    return f"""// Made by {COMMAND} from firmware/portal/page.html, do not edit.
#pragma once

namespace gauge {{

inline constexpr char kPortalPage[] = R"{END}({page}){END}";

}}  // namespace gauge
"""


if __name__ == "__main__":
    sys.exit(main({HEADER: header(PAGE.read_text(encoding="utf-8"))}, __doc__ or "", COMMAND))
