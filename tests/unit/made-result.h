/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result with all there can be in one, made up, and its JSON letter by letter. */
#pragma once
#include "result.h"
#include <math.h>

static inline GptVisResult *
made_result (void)
{
  static const GptVisLabel labels[] = {
    { 1, "dog, \"hot\"\n\\", 0.5f }, { 0, "cat", 0.25f }, { 2, "日本\x01", 0.00004f },
  };
  static const GptVisLabel vehicle[] = { { 7, "car", 0.875f }, { 8, "truck", 0.125f } };
  static const GptVisCaption about_car = { "a red car", 0.5f, TRUE, 6, 240, G_MAXUINT64 };
  static const GptVisCaption caption = { "a \"cat\"", 0.75f, FALSE, 3, 40, G_MAXUINT64 };
  static const GptVisRegion regions[] = {
    { { 0.25f, 0.5f, 0.125f, 0.0625f }, vehicle, 2, 12, GPTVIS_SOURCE_MODEL, &about_car, 160 },
    { { 0, 0, 1, 1 }, NULL, 0, 0, GPTVIS_SOURCE_MOTION, NULL, G_MAXUINT64 },
  };
  const GptVisAnswer answers[] = {
    { "is it raining?", "no", 0.0625f, 0.5f, TRUE, 5 },
    { "what is it?", "a ca", NAN, 0.25f, FALSE, 6 },
  };
  static const gfloat embedding[] = { 0.6f, -0.8f };
  const GptVisEvent events[] = {
    { "parked", GPTVIS_EVENT_BEGIN, 12, "gate", 0.5f, 120 },
    { "rain", GPTVIS_EVENT_COUNT, 0, NULL, NAN, G_MAXUINT64 },
    { "door", GPTVIS_EVENT_CROSS, 12, "door", NAN, 120, GPTVIS_DIRECTION_RIGHT, 3, FALSE },
    { "yard", GPTVIS_EVENT_LEAVE, 12, "yard", NAN, 120, GPTVIS_DIRECTION_NONE, 2, TRUE },
  };
  static const gfloat corners[] = { 0.25f, 0.5f, 0.75f, 0.5f, 0.5f, 1 };
  const GptVisZoneInfo zones[] = {
    { "yard", GPTVIS_ZONE_AREA, corners, 6, 2, 5, 3 },
    { "door", GPTVIS_ZONE_LINE, corners, 4, .crossed_left = 1, .crossed_right = 3 },
  };
  static const GptVisClip clip = { 8, 0, 280 };
  GptVisPlane *mask = gptvis_plane_new (GPTVIS_PLANE_MASK, 3, 2);
  GptVisPlane *depth = gptvis_plane_new (GPTVIS_PLANE_DEPTH, 3, 2);
  const GptVisPlane *const planes[] = { mask, depth };
  const GptVisResult value = {.model = "made-up",.analysis = 12345,
    .labels = labels,.n_labels = G_N_ELEMENTS (labels),.regions = regions,.n_regions = G_N_ELEMENTS (regions),
    .caption = &caption,.answers = answers,.n_answers = G_N_ELEMENTS (answers),
    .embedding = embedding,.n_embedding = G_N_ELEMENTS (embedding),
    .events = events,.n_events = G_N_ELEMENTS (events),
    .zones = zones,.n_zones = G_N_ELEMENTS (zones),.clip = &clip,.planes = planes,.n_planes = 2 };
  GptVisResult *result = gptvis_result_copy (&value);

  gptvis_plane_unref (mask);
  gptvis_plane_unref (depth);
  gptvis_result_set_frame (result, "front", 7, 280, G_MAXUINT64, G_GINT64_CONSTANT (1700000000123456));
  return result;
}

/* A text of JSON written with ' for ", which it must not hold; g_free it. */
static inline gchar *
json_of (const gchar *text)
{
  return g_strdelimit (g_strdup (text), "'", '"');
}

/* The result's, with an age of 0; g_free it. */
static inline gchar *
made_json (void)
{
  return json_of ("{'version':2,'stream':'front','frame':7,'pts':280,'running-time':null,"
      "'time':'2023-11-14T22:13:20.123Z','model':'made-up',"
      "'labels':[{'label':'dog, \\\"hot\\\"\\n\\\\','score':0.5000,'id':1},"
      "{'label':'cat','score':0.2500,'id':0},{'label':'日本\\u0001','score':0.0000,'id':2}],"
      "'regions':[{'box':[0.25000,0.50000,0.12500,0.06250],"
      "'labels':[{'label':'car','score':0.8750,'id':7},{'label':'truck','score':0.1250,'id':8}],"
      "'id':12,'source':'model','caption':{'text':'a red car','score':0.5000,'final':true,'frame':6,"
      "'pts':240,'running-time':null},'since':160},"
      "{'box':[0.00000,0.00000,1.00000,1.00000],'labels':[],'id':null,'source':'motion','caption':null,"
      "'since':null}],"
      "'caption':{'text':'a \\\"cat\\\"','score':0.7500,'final':false,'frame':3,'pts':40,"
      "'running-time':null},"
      "'answers':[{'question':'is it raining?','answer':'no','yes':0.0625,'score':0.5000,'final':true,"
      "'frame':5},"
      "{'question':'what is it?','answer':'a ca','yes':null,'score':0.2500,'final':false,'frame':6}],"
      "'embedding':[0.6,-0.8],"
      "'events':[{'name':'parked','type':'begin','region':12,'zone':'gate','score':0.5000,'since':120,"
      "'direction':'none','count':0,'lost':false},"
      "{'name':'rain','type':'count','region':null,'zone':null,'score':null,'since':null,"
      "'direction':'none','count':0,'lost':false},"
      "{'name':'door','type':'cross','region':12,'zone':'door','score':null,'since':120,"
      "'direction':'right','count':3,'lost':false},"
      "{'name':'yard','type':'leave','region':12,'zone':'yard','score':null,'since':120,"
      "'direction':'none','count':2,'lost':true}],"
      "'zones':[{'name':'yard','type':'area','points':[0.25,0.5,0.75,0.5,0.5,1],'inside':2,'entered':5,"
      "'exited':3,'crossed-left':0,'crossed-right':0},"
      "{'name':'door','type':'line','points':[0.25,0.5,0.75,0.5],'inside':0,'entered':0,"
      "'exited':0,'crossed-left':1,'crossed-right':3}],"
      "'clip':{'frames':8,'from':0,'to':280},'analysis-ms':12.345,'age-ms':0.000}");
}
