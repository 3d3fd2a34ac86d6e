from director.outputs.base import NoteOff, NoteOn
from director.outputs.memory import MemoryOutput, hanging_notes, paired_notes
from musebots.notes import Note


async def test_what_was_played_can_be_asked_for_by_bot(make_score, played, two_bars):
    output = MemoryOutput()
    score = make_score(n_bars=2)
    await output.open(score)
    output.start(12.5)
    for event in played(score, two_bars):
        output.send(event)
    await output.close()

    assert output.notes("mel") == two_bars["mel"]
    assert output.notes("kit") == sorted(two_bars["kit"])
    assert output.notes("nobody") == []
    assert len(output.notes()) == sum(len(notes) for notes in two_bars.values())
    assert (output.anchor_seconds, output.score, output.is_open) == (12.5, score, False)


def test_the_same_pitch_on_two_bots_is_two_notes():
    events = [
        NoteOn(0, 0.0, "a", 0, 60, 90),
        NoteOn(0, 0.0, "b", 1, 60, 80),
        NoteOff(480, 0.5, "a", 0, 60),
        NoteOff(960, 1.0, "b", 1, 60),
    ]
    assert paired_notes(events) == {"a": [Note(0, 60, 1, 90)], "b": [Note(0, 60, 2, 80)]}


def test_a_note_without_an_end_hangs_and_one_struck_again_too():
    first, second = NoteOn(0, 0.0, "a", 0, 60, 90), NoteOn(480, 0.5, "a", 0, 60, 90)
    third = NoteOn(500, 0.6, "a", 0, 62, 90)
    events = [first, second, NoteOff(600, 0.7, "a", 0, 60), third]
    assert hanging_notes(events) == [first, third]
    assert hanging_notes(events[1:3]) == []


async def test_a_panic_is_counted_and_the_evidence_kept(make_score):
    output = MemoryOutput()
    await output.open(make_score())
    output.send(NoteOn(0, 0.0, "mel", 0, 60, 90))
    output.panic()
    assert output.n_panics == 1
    assert len(output.events) == 1
