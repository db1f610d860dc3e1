# Rows of samples summed, and what cells are of these.

.function gptvis_scene_sum_1
.dest 2 sum guint16
.source 1 a guint8
convubw sum, a

.function gptvis_scene_sum_2
.dest 2 sum guint16
.source 1 a guint8
.source 1 b guint8
.temp 2 v
.temp 2 w
convubw v, a
convubw w, b
addw sum, v, w

.function gptvis_scene_sum_4
.dest 2 sum guint16
.source 1 a guint8
.source 1 b guint8
.source 1 c guint8
.source 1 d guint8
.temp 2 v
.temp 2 w
convubw v, a
convubw w, b
addw v, v, w
convubw w, c
addw v, v, w
convubw w, d
addw sum, v, w

# of samples of two bytes, of which eight bits are kept
.function gptvis_scene_add_words
.dest 2 sum guint16
.source 2 a guint16
.param 2 shift
.const 2 bits 0xff
.temp 2 w
shruw w, a, shift
andw w, w, bits
addw sum, sum, w

# cell = sum · scale + shift
.function gptvis_scene_mean
.dest 4 cell float
.source 2 sum guint16
.floatparam 4 scale
.floatparam 4 shift
.temp 4 l
.temp 4 f
convuwl l, sum
convlf f, l
mulf f, f, scale
addf cell, f, shift
