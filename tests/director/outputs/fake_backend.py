"""A mido backend without any MIDI system: ports that remember. Named in mido by its file's path."""

NAMES = ["Synth A", "Synth B", "Drum Machine"]
OPENED = []


class Output:
    def __init__(self, name=None, virtual=False, **_):
        self.name, self.virtual, self.closed = name, virtual, False
        self.messages = []
        OPENED.append(self)

    def send(self, message):
        assert not self.closed
        self.messages.append(message)

    def close(self):
        self.closed = True


def get_devices(**_):
    return [{"name": name, "is_input": False, "is_output": True} for name in NAMES]
