"""Real speech: espeak-ng says a sentence, sox and opusenc write it in the encodings that Transcribe streams."""

import subprocess
import wave

SENTENCE = "The quick brown fox jumps over the lazy dog, and the proxy relays what it says."
RATE = 16000
TIMEOUT = 60

# {name: (media-encoding of a stream, Content-Type)}
KINDS = {"wav": (None, "audio/wav"), "pcm": ("pcm", "audio/l16"), "flac": ("flac", "audio/flac"),
         "opus": ("ogg-opus", "audio/ogg")}


def _run(*command):
    subprocess.run([str(part) for part in command], check=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def record(folder, sentence=SENTENCE):
    """{name: file} for each of KINDS: 16 kHz, one channel, 16 bits; pcm is wav without its head."""
    spoken, files = folder / "spoken.wav", {name: folder / f"speech.{name}" for name in KINDS}
    _run("espeak-ng", "-v", "en", "-w", spoken, sentence)
    _run("sox", "-D", spoken, "-r", RATE, "-c", 1, "-b", 16, files["wav"])
    _run("sox", "-D", files["wav"], "-t", "raw", "-e", "signed-integer", "-L", files["pcm"])
    _run("sox", "-D", files["wav"], files["flac"])
    _run("opusenc", "--quiet", "--serial", 1, "--bitrate", 24, files["wav"], files["opus"])
    return files


def seconds(wav):
    with wave.open(str(wav)) as opened:
        return opened.getnframes() / opened.getframerate()
