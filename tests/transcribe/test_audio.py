"""The recordings are what they say: one sentence, the same in each encoding."""

import wave

import pytest

import audio


def test_wav_and_pcm_are_the_same_samples(recordings):
    with wave.open(str(recordings["wav"])) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (audio.RATE, 1, 2)
        samples = opened.readframes(opened.getnframes())
    assert samples == recordings["pcm"].read_bytes() and any(samples)
    assert 2 < audio.seconds(recordings["wav"]) < 20


@pytest.mark.parametrize("name, magic", [("wav", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS")])
def test_each_is_of_its_kind(recordings, name, magic):
    start = recordings[name].read_bytes()
    assert start.startswith(magic) and (b"OpusHead" in start[:100]) == (name == "opus")
    assert name == "wav" or len(start) < recordings["wav"].stat().st_size
