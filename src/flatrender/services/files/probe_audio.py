"""A process of its own that looks into one sound file: `python -m flatrender.services.files.probe_audio PATH DEMUXER`.

Prints one line of JSON: `{"duration_ms", "sample_rate", "channels", "codec"}` or `{"error"}`. Decoding foreign bytes happens here,
with limits on memory, processor time and files, and nothing of the service within reach.
"""

import json
import resource
import sys

MEMORY_BYTES = 1536 * 1024 * 1024
PROCESSOR_S = 15
LONGEST_S = 3 * 3600
MAX_STREAMS = 8
DECODE_FRAMES = 200


def probe(path: str, demuxer: str) -> dict[str, object]:
    """Return what the file holds; raise ValueError with a reason for people."""
    import av  # noqa: PLC0415 - after the limits are set

    options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
    with av.open(path, format=demuxer, options=options, metadata_errors="replace") as container:
        if len(container.streams) > MAX_STREAMS or not container.streams.audio:
            raise ValueError("it holds no sound")
        stream = container.streams.audio[0]
        frames = 0
        end_s = 0.0
        for frame in container.decode(stream):
            frames += 1
            if frame.time is not None and frame.sample_rate:
                end_s = frame.time + frame.samples / frame.sample_rate
            if frames >= DECODE_FRAMES:
                break
        if not frames:
            raise ValueError("it holds no sound")
        length_s = end_s
        if frames >= DECODE_FRAMES:
            if stream.duration and stream.time_base:
                length_s = max(length_s, float(stream.duration * stream.time_base))
            elif container.duration:
                length_s = max(length_s, container.duration / 1_000_000)
        if not 0 < length_s <= LONGEST_S:
            raise ValueError(f"it must last between a moment and {LONGEST_S // 3600} hours")
        return {
            "duration_ms": round(length_s * 1000),
            "sample_rate": stream.sample_rate,
            "channels": stream.channels,
            "codec": stream.codec_context.name,
        }


def main() -> int:
    """Set the limits, probe, print."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = probe(sys.argv[1], sys.argv[2])
    except Exception as error:  # noqa: BLE001 - whatever the decoder says, the answer is that it cannot be used
        found = {"error": str(error) if type(error) is ValueError else "it cannot be decoded"}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
