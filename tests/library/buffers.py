# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads results off buffers in a pad probe, by introspection: two filters on each buffer, one for labels and
# one for captions, and no message. What is kept outlives its buffer.
import json
import sys

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GptVis", "1.0")
from gi.repository import GptVis, Gst

Gst.init(None)
metas = []          # a list for each buffer
problems = []


def on_buffer(pad, info):
    try:
        buffer = info.get_buffer()
        first = GptVis.buffer_get_meta(buffer)
        found = GptVis.buffer_list_metas(buffer)
        assert first.get_result().get_stream() == found[0].get_result().get_stream()
        metas.append([(meta.get_result(), meta.is_own(), meta.get_age()) for meta in found])
    except Exception as problem:        # which GStreamer would swallow
        problems.append(repr(problem))
    return Gst.PadProbeReturn.OK


pipeline = Gst.parse_launch(
    "videotestsrc num-buffers=9 ! video/x-raw,width=160,height=120,framerate=25/1 "
    "! gptvisfilter name=namer task=label threshold=0 top-k=3 interval=3 policy=every post-messages=false "
    "! gptvisfilter name=teller task=caption caption-threshold=0 policy=every post-messages=false "
    "! fakesink name=sink")
pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
pipeline.set_state(Gst.State.PLAYING)
bus = pipeline.get_bus()
told = 0
while True:
    message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR |
                                     Gst.MessageType.ELEMENT)
    if message.type != Gst.MessageType.ELEMENT:
        break
    told += message.get_structure().get_name().startswith("gptvis")
assert message.type == Gst.MessageType.EOS, message.parse_error()[0].message
pipeline.set_state(Gst.State.NULL)
del pipeline, bus, message

assert not problems, problems
assert told == 0, told
assert len(metas) == 9, len(metas)
for number, found in enumerate(metas):
    (named, own, age), (captioned, _, _) = found
    assert named.get_stream() == "namer" and captioned.get_stream() == "teller"
    assert own == (number % 3 == 0) and named.get_frame() == number - number % 3
    assert age == number % 3 * 40 * Gst.MSECOND, age
    assert named.get_n_labels() == 3 and captioned.get_n_labels() == 0
    labels = [named.get_label(i) for i in range(3)]
    assert all(text and 0 <= score <= 1 for text, score in labels)
    assert labels == sorted(labels, key=lambda label: -label[1])
    assert named.get_label(3) == (None, 0)
    assert named.get_caption() == (None, 0, False)
    text, score, final = captioned.get_caption()
    assert text and final and 0 < score <= 1
    assert captioned.get_caption_frame() == (0, 0)
    assert named.get_n_regions() == 0 and not named.get_region(0)[0]
    assert named.get_embedding() == []

    told = json.loads(named.to_json(None, 0))
    assert told["version"] == GptVis.RESULT_VERSION and told["stream"] == "namer"
    assert [label["label"] for label in told["labels"]] == [text for text, _ in labels]
    assert json.loads(named.to_json("other", 40000))["age-ms"] == 40
    assert GptVis.structure_to_json(named.to_structure()) == named.to_json(None, 0)

assert GptVis.buffer_get_meta(Gst.Buffer.new()) is None
assert GptVis.buffer_list_metas(Gst.Buffer.new()) == []

# An application's own: put on a buffer, and read there.
buffer = Gst.Buffer.new()
GptVis.buffer_add_meta(buffer, metas[0][0][0], False, 5)
meta = GptVis.buffer_get_meta(buffer)
assert meta.get_result().get_label(0) == metas[0][0][0].get_label(0) and meta.get_age() == 5

major, minor, micro = GptVis.version()
assert (major, minor, micro) == (GptVis.VERSION_MAJOR, GptVis.VERSION_MINOR, GptVis.VERSION_MICRO)
sys.exit(0)
