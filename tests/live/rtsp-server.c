/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network camera for tests: a moving picture over RTSP on 127.0.0.1. Prints its URI when it
 * can be asked. Usage: rtsp-server [PORT]; without, a free one. It runs until it is killed. */
#include <gst/rtsp-server/rtsp-server.h>

#define CAMERA "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=15/1 " \
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 )"

static void
add_camera (GstRTSPServer *server)
{
  GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points (server);
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new ();

  gst_rtsp_media_factory_set_launch (factory, CAMERA);
  gst_rtsp_media_factory_set_shared (factory, TRUE);
  gst_rtsp_mount_points_add_factory (mounts, "/camera", factory);
  g_object_unref (mounts);
}

int
main (int argc, char **argv)
{
  GstRTSPServer *server;

  gst_init (&argc, &argv);
  server = gst_rtsp_server_new ();
  gst_rtsp_server_set_address (server, "127.0.0.1");
  gst_rtsp_server_set_service (server, argc > 1 ? argv[1] : "0");
  add_camera (server);
  if (gst_rtsp_server_attach (server, NULL) == 0) {
    g_printerr ("rtsp-server: port %s cannot be had.\n", argc > 1 ? argv[1] : "0");
    return 1;
  }
  g_print ("rtsp://127.0.0.1:%d/camera\n", gst_rtsp_server_get_bound_port (server));
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}
