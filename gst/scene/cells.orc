# Rows of samples summed to cells: first down, then across.

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

# sum[i] = a[2i] + a[2i + 1]
.function gptvis_scene_halve
.dest 2 sum guint16
.source 4 a guint32
.temp 2 v
.temp 2 w
select0lw v, a
select1lw w, a
addw sum, v, w

# the same where two components take turns
.function gptvis_scene_halve_pairs
.dest 4 sum guint32
.source 8 a guint64
.temp 4 v
.temp 4 w
select0ql v, a
select1ql w, a
x2 addw sum, v, w

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

# cell = (up + 2 · middle + down) / 4
.function gptvis_scene_blur
.dest 4 cell float
.source 4 before float
.source 4 middle float
.source 4 after float
.const 4 half 0x3f000000
.temp 4 f
addf f, before, after
mulf f, f, half
addf f, f, middle
mulf cell, f, half
