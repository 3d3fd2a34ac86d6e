"""Sound processes that tests play themselves."""

import threading
from contextlib import contextmanager

from director.outputs.audio.packets import PacketSender, StreamAddress


@contextmanager
def sound_process(play, *, stream=None):
    """Run `play(sender, ending)` in a thread until the block ends; gives the address to hear at."""
    stream, ending = stream or StreamAddress.choose(), threading.Event()
    sender = PacketSender(stream)
    thread = threading.Thread(target=play, args=(sender, ending), daemon=True)
    thread.start()
    try:
        yield stream
    finally:
        ending.set()
        thread.join()
        sender.close()
