#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads the labels and captions off the bus, in Python (Debian: python3-gi, gir1.2-gstreamer-1.0).
#
#     GST_PLUGIN_PATH=build/gst examples/read-results.py video.mp4
#
# The fields of the message "gptvis-result" are in models/result.md.
import sys

import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
if len(sys.argv) != 2:
    sys.exit(f"Usage: {sys.argv[0]} VIDEO")
pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! "
                            "gptvisfilter interval=10 ! fakesink")
pipeline.get_by_name("file").set_property("location", sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)

bus = pipeline.get_bus()
status = 0
while True:
    message = bus.timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT)
    if message.type == Gst.MessageType.EOS:
        break
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error()[0].message, file=sys.stderr)
        status = 1
        break
    result = message.get_structure()
    if result.get_name() != "gptvis-result":
        continue
    array = result.get_array("labels")[1]   # of structures; get_value cannot make a list of it
    labels = [array.get_nth(i) for i in range(array.n_values)]
    seen = ", ".join(f"{label.get_value('label')} {label.get_value('score'):.2f}" for label in labels)
    caption = result.get_value("caption")   # a structure, or None
    if caption:
        seen += f'  "{caption.get_value("text")}"'
    print(f"{result.get_value('pts') / Gst.SECOND:8.2f} s  {seen}")
pipeline.set_state(Gst.State.NULL)
sys.exit(status)
