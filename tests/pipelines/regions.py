#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads regions off the buffers as a program does that has never heard of gptvis: by
# GstVideoRegionOfInterestMeta, or by GstAnalytics where GStreamer has it. A line for each: frame, label,
# confidence, id, x, y, width and height in pixels. Exit status 77: there is no GstAnalytics.
# Usage: regions.py roi|analytics CHECKPOINT VIDEO.
import sys

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstVideo

MOST_IDS = 1000
frame = 0


def read_roi(buffer):
    # Python cannot walk over metas before 1.24, but it can count them and ask for one by its id
    left = buffer.get_n_meta(GstVideo.video_region_of_interest_meta_api_get_type())
    for number in range(MOST_IDS):
        if left == 0:
            break
        meta = GstVideo.buffer_get_video_region_of_interest_meta_id(buffer, number)
        if not meta:
            continue
        left -= 1
        detection = meta.get_param("detection")
        confidence = detection.get_double("confidence")[1] if detection.has_field("confidence") else 0
        identity = meta.get_param("object_id").get_int("id")[1]
        assert identity == meta.id
        yield GLib.quark_to_string(meta.roi_type), confidence, meta.id, meta.x, meta.y, meta.w, meta.h
    assert left == 0, "a region without an id"


def read_analytics(buffer):
    relations = GstAnalytics.buffer_get_analytics_relation_meta(buffer)
    for i in range(GstAnalytics.relation_get_length(relations) if relations else 0):
        found, thing = relations.get_od_mtd(i)
        if not found:
            continue
        _, x, y, w, h, confidence = thing.get_location()
        identity = 0
        for k in range(GstAnalytics.relation_get_length(relations)):
            tracked, tracking = relations.get_tracking_mtd(k)
            if tracked and relations.get_relation(i, k) & GstAnalytics.RelTypes.RELATE_TO:
                identity = tracking.get_info()[1]
        yield GLib.quark_to_string(thing.get_obj_type()), confidence, identity, x, y, w, h


def on_buffer(pad, info):
    global frame
    for label, confidence, identity, x, y, w, h in read(info.get_buffer()):
        print(f"{frame} {label} {confidence:.3f} {identity} {x} {y} {w} {h}")
    frame += 1
    return Gst.PadProbeReturn.OK


if len(sys.argv) != 4:
    sys.exit(f"Usage: {sys.argv[0]} roi|analytics CHECKPOINT VIDEO")
if sys.argv[1] == "analytics":
    try:
        gi.require_version("GstAnalytics", "1.0")
    except ValueError:
        sys.exit(77)
    from gi.repository import GstAnalytics
read = read_analytics if sys.argv[1] == "analytics" else read_roi
Gst.init(None)
pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! "
                            "gptvisfilter name=filter regions=motion interval=5 post-messages=false "
                            "! fakesink")
pipeline.get_by_name("file").set_property("location", sys.argv[3])
pipeline.get_by_name("filter").set_property("model", sys.argv[2])
pipeline.get_by_name("filter").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
pipeline.set_state(Gst.State.PLAYING)
end = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if end.type == Gst.MessageType.ERROR:
    sys.exit(end.parse_error()[0].message)
