"""A sound process without sound: `fake_worker.py MODE NOTES JOB`.

What it hears it writes, line by line, to the file NOTES.
"""

import json
import os
import sys
import time


def main(mode, notes, job):
    """Play the part that MODE asks for."""
    if job == "check":
        return 0
    if job == "probe":
        return probe(mode)
    if job == "render":
        return render(mode, notes)
    return live(mode, notes)


def probe(mode):
    if mode == "probe_crashes":
        os.abort()
    print(json.dumps({"names": [] if mode == "no_card" else ["Card"]}))
    return 0


def render(mode, notes):
    job = json.loads(sys.stdin.buffer.readline())
    sys.stdin.buffer.read()
    if mode == "render_crashes":
        os.abort()
    if mode == "render_fails":
        sys.stderr.write("a long story\nout of luck\n")
        return 1
    with open(job["path"], "wb") as file:
        file.write(b"half a fi")
    if mode == "render_hangs":
        with open(notes, "w") as file:
            file.write(str(os.getpid()))
        time.sleep(600)
    print("0.5\n1.0", flush=True)
    with open(job["path"], "wb") as file:
        file.write(json.dumps(job).encode())
    return 0


def live(mode, notes):
    settings = json.loads(sys.stdin.buffer.readline())
    json.loads(sys.stdin.buffer.readline())
    if settings.get("is_spare"):
        first_line = sys.stdin.buffer.readline()
        if not first_line:
            return 0
        settings = json.loads(first_line)
        json.loads(sys.stdin.buffer.readline())
    if mode == "refuses" or (mode == "no_card" and settings["kind"] == "jack"):
        sys.stderr.write("no JACK server is running\n")
        return 3
    print(json.dumps({"ready": settings["kind"]}), flush=True)
    with open(notes, "w", buffering=1) as file:
        file.write(json.dumps([settings["kind"], os.getpid()]) + "\n")
        if mode == "deaf":
            time.sleep(600)
        for line in sys.stdin.buffer:
            file.write(line.decode())
            warning = {"warning": "back again"} if mode == "warns" else {}
            print(json.dumps({"levels": {"": 0.5, "mel": 0.25}, **warning}), flush=True)
            if mode == "dies" or (mode == "dies_of_a_note" and '"on"' in line.decode()):
                sys.stderr.write("something in C went wrong\n")
                sys.stderr.flush()
                os.abort()
        file.write('["end"]\n')
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
