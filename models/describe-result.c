/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes result.schema.json or result.md, from the tables of fields.
 *
 * Usage: describe-result schema|page > FILE */
#include "result-fields.h"
#include <stdio.h>
#include <string.h>

/* A heading, what it is, and its fields. */
static void
print_section (const GptVisFields *fields, const gchar *where)
{
  gchar *table = gptvis_fields_to_page (fields);

  printf ("\n## %s\n\n%s %s\n\n%s", fields->name, fields->text, where, table);
  g_free (table);
}

static void
print_page (void)
{
  printf ("# Fields of results\n\n"
      "Written by `describe-result` from `models/result-fields.c`; [result.schema.json](result.schema.json) "
      "is the same as a JSON schema. This is version %u.\n\n"
      "JSON has all fields, in this order; what is unknown is null. A message leaves out what is unknown.\n",
      GPTVIS_RESULT_VERSION);
  print_section (&gptvis_result_fields, "As an element message of that name, posted by gptvisfilter for each "
      "analysed frame; as JSON, a line of gptvisjson, gptvis-label and gptvis-cameras.");
  print_section (&gptvis_caption_fields, "As an element message of that name.");
  print_section (&gptvis_event_fields, "As an element message of that name.");
}

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "page") == 0) {
    print_page ();
  } else if (argc == 2 && strcmp (argv[1], "schema") == 0) {
    gchar *schema = gptvis_fields_to_schema (&gptvis_result_fields, "gptvis result");
    fputs (schema, stdout);
    g_free (schema);
  } else {
    fprintf (stderr, "Usage: %s schema|page\n", argv[0]);
    return 2;
  }
  return fflush (stdout) != 0;
}
