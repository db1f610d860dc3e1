/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results, errors and warnings as messages on the bus. The fields of a result are set in structure.c. */
#include "message.h"

GstMessage *
gptvis_result_to_message (const GptVisResult *result, GstObject *source)
{
  return gst_message_new_element (source, gptvis_result_to_structure (result));
}

GstMessage *
gptvis_caption_to_message (const GptVisResult *result, GstObject *source)
{
  return gst_message_new_element (source, gptvis_result_caption_to_structure (result));
}

GstMessage *
gptvis_event_to_message (const GptVisResult *result, guint event, GstObject *source)
{
  return gst_message_new_element (source, gptvis_result_event_to_structure (result, event));
}

void
gptvis_error_post (const GError *error, GstElement *element, GstMessageType type)
{
  GQuark domain = GST_RESOURCE_ERROR;
  gint code = GST_RESOURCE_ERROR_FAILED;

  switch ((GptVisError) error->code) {
    case GPTVIS_ERROR_NOT_FOUND:
      code = GST_RESOURCE_ERROR_NOT_FOUND;
      break;
    case GPTVIS_ERROR_FORMAT:
      code = GST_RESOURCE_ERROR_READ;
      break;
    case GPTVIS_ERROR_UNSUPPORTED:
      domain = GST_STREAM_ERROR;
      code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
      break;
    case GPTVIS_ERROR_LIMIT:
      code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
      break;
    case GPTVIS_ERROR_DEVICE:
      code = GST_RESOURCE_ERROR_FAILED;
      break;
    case GPTVIS_ERROR_BUSY:
      code = GST_RESOURCE_ERROR_BUSY;
      break;
  }
  gst_element_message_full (element, type, domain, code, g_strdup (error->message), NULL,
      __FILE__, G_STRFUNC, __LINE__);
}

void
gptvis_no_captions_post (GstElement *element, const GptVisModel *model)
{
  const gboolean could = gptvis_model_configuration (model)->writes;
  const gchar *advice = could ? "set task=both or task=caption"
      : "set model to a checkpoint that does, of type vision-encoder-decoder, git or blip";

  GST_ELEMENT_WARNING (element, LIBRARY, SETTINGS,
      ("Pad \"text\" of %s is linked, but %s writes no captions%s; %s, or leave the pad unlinked.",
          GST_OBJECT_NAME (element), gptvis_model_name (model), could ? " with this task" : "", advice),
      (NULL));
}
