"""What runs in a process of its own to render with a SoundFont: native code that reads a foreign file.

Run as a script, by path, with a JSON object on standard input: `soundfont`, `midi` and `wav` name files. It writes the last of them; what
the renderer refuses goes as text into the file `refusal`. It imports nothing of this package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Renders once."""
    job = json.load(sys.stdin)
    import midirenderer

    try:
        wav = midirenderer.render_wave_from(Path(job["soundfont"]).read_bytes(), Path(job["midi"]).read_bytes())
    except (RuntimeError, ValueError, OSError) as error:
        Path(job["refusal"]).write_text(str(error), encoding="utf-8", errors="backslashreplace")
    else:
        Path(job["wav"]).write_bytes(wav)


if __name__ == "__main__":
    main()
