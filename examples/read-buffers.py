#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads the labels and captions off the buffers, in Python: a pad probe behind gptvisfilter, with no message
# and no bus (Debian: python3-gi, gir1.2-gstreamer-1.0; gptvis built with gobject-introspection).
#
#     meson devenv -C build ../examples/read-buffers.py ../video.mp4
import sys

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GptVis", "1.0")
from gi.repository import GptVis, Gst


def on_buffer(pad, info):
    # a meta belongs to its buffer; a result may be kept
    for meta in GptVis.buffer_list_metas(info.get_buffer()):
        if not meta.is_own():
            continue
        result = meta.get_result()
        labels = [result.get_label(i) for i in range(result.get_n_labels())]
        seen = ", ".join(f"{text} {score:.2f}" for text, score in labels)
        caption, score, final = result.get_caption()
        if caption:
            seen += f'  "{caption}"'
        print(f"{result.get_pts() / Gst.SECOND:8.2f} s  {seen}")
    return Gst.PadProbeReturn.OK


Gst.init(None)
if len(sys.argv) != 2:
    sys.exit(f"Usage: {sys.argv[0]} VIDEO")
pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! "
                            "gptvisfilter name=filter interval=10 task=both post-messages=false ! fakesink")
pipeline.get_by_name("file").set_property("location", sys.argv[1])
pipeline.get_by_name("filter").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
pipeline.set_state(Gst.State.PLAYING)
end = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if end.type == Gst.MessageType.ERROR:
    sys.exit(end.parse_error()[0].message)
