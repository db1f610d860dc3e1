# Pixel loops that ORC compiles for the processor at hand: rows of samples into
# rows of sums, and rows of Y, Cb, Cr into a row of one colour.

# sum = part · sample
.function gptvis_orc_start_bytes
.dest 4 sum float
.source 1 sample guint8
.floatparam 4 part
.temp 2 w
.temp 4 l
.temp 4 f
convubw w, sample
convuwl l, w
convlf f, l
mulf sum, f, part

# sum += part · sample
.function gptvis_orc_add_bytes
.dest 4 sum float
.source 1 sample guint8
.floatparam 4 part
.temp 2 w
.temp 4 l
.temp 4 f
convubw w, sample
convuwl l, w
convlf f, l
mulf f, f, part
addf sum, sum, f

.function gptvis_orc_start_words
.dest 4 sum float
.source 2 sample guint16
.floatparam 4 part
.temp 4 l
.temp 4 f
convuwl l, sample
convlf f, l
mulf sum, f, part

.function gptvis_orc_add_words
.dest 4 sum float
.source 2 sample guint16
.floatparam 4 part
.temp 4 l
.temp 4 f
convuwl l, sample
convlf f, l
mulf f, f, part
addf sum, sum, f

# colour = y·of_y + u·of_u + v·of_v + offset
# (Apart from the next, since ORC 0.4.41 compiles the two in one wrongly for AVX: with six
# parameters and two constants it runs out of registers, and does not say so.)
.function gptvis_orc_mix
.dest 4 colour float
.source 4 y float
.source 4 u float
.source 4 v float
.floatparam 4 of_y
.floatparam 4 of_u
.floatparam 4 of_v
.floatparam 4 offset
.temp 4 a
.temp 4 b
mulf a, y, of_y
mulf b, u, of_u
addf a, a, b
mulf b, v, of_v
addf a, a, b
addf colour, a, offset

# colour = limit (sample, 0, 255) · scale + shift
.function gptvis_orc_normalise_floats
.dest 4 colour float
.source 4 sample float
.floatparam 4 scale
.floatparam 4 shift
.const 4 least 0x00000000
.const 4 most 0x437f0000
.temp 4 a
maxf a, sample, least
minf a, a, most
mulf a, a, scale
addf colour, a, shift

# colour = sample · scale + shift
.function gptvis_orc_normalise
.dest 4 colour float
.source 1 sample guint8
.floatparam 4 scale
.floatparam 4 shift
.temp 2 w
.temp 4 l
.temp 4 f
convubw w, sample
convuwl l, w
convlf f, l
mulf f, f, scale
addf colour, f, shift
