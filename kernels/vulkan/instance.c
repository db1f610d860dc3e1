/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the loader, makes the instance, lists the devices and chooses among them. */
#include "instance.h"
#include "features.h"
#include "switches.h"
#include <string.h>

#define LAYER "VK_LAYER_KHRONOS_validation"

static GMutex lock;             /* guards what follows */
static VkInstance instance;
static gboolean validated;
static gint n_messages;         /* atomic */

gboolean
gptvis_vulkan_validation (guint *messages)
{
  *messages = g_atomic_int_get (&n_messages);
  return validated;
}

/* ---- errors ---- */

const gchar *
gptvis_vulkan_result_name (VkResult result)
{
  static const struct {
    VkResult result;
    const gchar *name;
  } names[] = {
    {VK_ERROR_OUT_OF_HOST_MEMORY, "out of memory"},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory"},
    {VK_ERROR_INITIALIZATION_FAILED, "initialisation failed"},
    {VK_ERROR_DEVICE_LOST, "the device was lost"},
    {VK_ERROR_MEMORY_MAP_FAILED, "memory could not be mapped"},
    {VK_ERROR_LAYER_NOT_PRESENT, "a layer is missing"},
    {VK_ERROR_EXTENSION_NOT_PRESENT, "an extension is missing"},
    {VK_ERROR_FEATURE_NOT_PRESENT, "a feature is missing"},
    {VK_ERROR_INCOMPATIBLE_DRIVER, "there is no driver that fits"},
    {VK_ERROR_TOO_MANY_OBJECTS, "too many objects"},
    {VK_ERROR_OUT_OF_POOL_MEMORY, "out of pool memory"},
    {VK_ERROR_INVALID_EXTERNAL_HANDLE, "an invalid handle"},
    {VK_TIMEOUT, "it did not end in time"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].result == result)
      return names[i].name;
  return "an error of the driver's own";
}

gboolean
gptvis_vulkan_check (VkResult result, const gchar *call, const gchar *device, GError **error)
{
  if (result == VK_SUCCESS)
    return TRUE;
  const gboolean memory = result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY;
  g_set_error (error, GPTVIS_ERROR, memory ? GPTVIS_ERROR_LIMIT : GPTVIS_ERROR_DEVICE,
      "%s: %s failed with %d: %s", device, call, result, gptvis_vulkan_result_name (result));
  return FALSE;
}

/* ---- validation ---- */

static VKAPI_ATTR VkBool32 VKAPI_CALL
print_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT type,
    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
  /* the loader reports files that it does not like; only what is done here counts */
  if ((type & VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT) != 0)
    return VK_FALSE;
  g_atomic_int_inc (&n_messages);
  g_printerr ("%s\n", data->pMessage);
  return VK_FALSE;
}

static gboolean
layer_is_there (void)
{
  VkLayerProperties layers[64];
  guint32 n = G_N_ELEMENTS (layers);
  if (g_strcmp0 (g_getenv ("GPTVIS_VULKAN_VALIDATE"), "1") != 0
      || vkEnumerateInstanceLayerProperties (&n, layers) < VK_SUCCESS)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (strcmp (layers[i].layerName, LAYER) == 0)
      return TRUE;
  return FALSE;
}

static VkResult
create_instance (gboolean validate)
{
  static const gchar *const layers[] = { LAYER }, *const extensions[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME };
  static const VkValidationFeatureEnableEXT enabled[] = {
    VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
  };
  const VkDebugUtilsMessengerCreateInfoEXT messenger = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT
        | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT
        | VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = print_message,
  };
  const VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .pNext = &messenger,
    .enabledValidationFeatureCount = G_N_ELEMENTS (enabled),
    .pEnabledValidationFeatures = enabled,
  };
  const VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "gptvis",
    .apiVersion = VK_API_VERSION_1_1,
  };
  const VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pNext = validate ? &features : NULL,
    .pApplicationInfo = &application,
    .enabledLayerCount = validate,
    .ppEnabledLayerNames = layers,
    .enabledExtensionCount = validate,
    .ppEnabledExtensionNames = extensions,
  };
  VkResult result = vkCreateInstance (&info, NULL, &instance);
  if (result != VK_SUCCESS)
    return result;
  volkLoadInstanceOnly (instance);
  VkDebugUtilsMessengerEXT unused;
  if (validate)
    result = vkCreateDebugUtilsMessengerEXT (instance, &messenger, NULL, &unused);
  return result;
}

/* With the lock held. */
static gboolean
open_instance (GError **error)
{
  if (gptvis_vulkan_disabled ("all")) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
        "Vulkan is turned off by GPTVIS_VULKAN_DISABLE=all");
    return FALSE;
  }
  if (gptvis_vulkan_faults.no_loader || (!instance && volkInitialize () != VK_SUCCESS)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
        "there is no Vulkan loader: libvulkan.so.1 (Debian: libvulkan1) is needed for a GPU");
    return FALSE;
  }
  if (instance)
    return TRUE;
  const guint32 version = volkGetInstanceVersion ();
  if (version < VK_API_VERSION_1_1) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
        "the Vulkan loader is of version %u.%u, where 1.1 is needed",
        VK_API_VERSION_MAJOR (version), VK_API_VERSION_MINOR (version));
    return FALSE;
  }
  validated = layer_is_there ();
  const VkResult result = create_instance (validated);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
        "there is no Vulkan driver (Debian: mesa-vulkan-drivers, or the "
        "GPU's maker's)");
    return FALSE;
  }
  return gptvis_vulkan_check (result, "vkCreateInstance", "the Vulkan loader", error);
}

/* ---- devices ---- */

static const gchar *
kind_name (VkPhysicalDeviceType type)
{
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "software";
    default:
      return "other";
  }
}

/* The higher, the better; 0: it is only taken by name. */
static guint
rank (VkPhysicalDeviceType type, gboolean software)
{
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return 3;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return software ? 1 : 0;
    default:
      return software ? 2 : 0;  /* it may be a software rasteriser in disguise */
  }
}

static gchar *
describe (const GptVisVulkanChoice *device, guint i)
{
  const guint32 version = device->properties.apiVersion;
  return g_strdup_printf ("%u: %s (%s, Vulkan %u.%u.%u)", i, device->properties.deviceName,
      kind_name (device->properties.deviceType), VK_API_VERSION_MAJOR (version),
      VK_API_VERSION_MINOR (version), VK_API_VERSION_PATCH (version));
}

/* The first queue family that computes: one that does nothing else is preferred, since it
 * runs beside what is drawn. */
static gboolean
find_queue (GptVisVulkanChoice *device)
{
  VkQueueFamilyProperties families[32];
  guint32 n = G_N_ELEMENTS (families);
  gboolean found = FALSE;
  vkGetPhysicalDeviceQueueFamilyProperties (device->physical, &n, families);
  for (guint i = 0; i < n; i++) {
    const VkQueueFlags flags = families[i].queueFlags;
    if ((flags & VK_QUEUE_COMPUTE_BIT) && (!found || !(flags & VK_QUEUE_GRAPHICS_BIT))) {
      device->queue_family = i;
      device->timestamps = families[i].timestampValidBits > 0;
      if (found || !(flags & VK_QUEUE_GRAPHICS_BIT))
        return TRUE;
      found = TRUE;
    }
  }
  return found;
}

/* All that compute with Vulkan 1.1, in the driver's order; *why_not is what the others lack. */
static GArray *
list (gchar **why_not, GError **error)
{
  VkPhysicalDevice physicals[64];
  guint32 n = G_N_ELEMENTS (physicals);
  g_mutex_lock (&lock);
  VkResult result = VK_SUCCESS;
  const gboolean open = open_instance (error);
  if (open)
    result = vkEnumeratePhysicalDevices (instance, &n, physicals);
  g_mutex_unlock (&lock);
  if (!open || (result != VK_INCOMPLETE
          && !gptvis_vulkan_check (result, "vkEnumeratePhysicalDevices", "the Vulkan loader", error)))
    return NULL;
  GArray *devices = g_array_new (FALSE, TRUE, sizeof (GptVisVulkanChoice));
  for (guint i = 0; i < n; i++) {
    GptVisVulkanChoice device = { .physical = physicals[i] };
    vkGetPhysicalDeviceProperties (physicals[i], &device.properties);
    if (gptvis_vulkan_faults.too_old)
      device.properties.apiVersion = VK_API_VERSION_1_0;
    const guint32 version = device.properties.apiVersion;
    if (version >= VK_API_VERSION_1_1 && find_queue (&device)) {
      g_array_append_val (devices, device);
    } else if (!*why_not) {
      *why_not = version >= VK_API_VERSION_1_1 ? g_strdup_printf ("%s has no queue that computes",
          device.properties.deviceName) : g_strdup_printf ("%s has Vulkan %u.%u, where 1.1 is needed",
          device.properties.deviceName, VK_API_VERSION_MAJOR (version), VK_API_VERSION_MINOR (version));
    }
  }
  return devices;
}

static gchar *
describe_all (GArray *devices)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < devices->len; i++) {
    gchar *one = describe (&g_array_index (devices, GptVisVulkanChoice, i), i);
    g_string_append_printf (text, "%s%s", i ? ", " : "", one);
    g_free (one);
  }
  return g_string_free (text, FALSE);
}

gchar *
gptvis_vulkan_list (GError **error)
{
  gchar *why_not = NULL;
  GArray *devices = list (&why_not, error);
  g_free (why_not);
  if (!devices)
    return NULL;
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < devices->len; i++) {
    const GptVisVulkanChoice *device = &g_array_index (devices, GptVisVulkanChoice, i);
    GptVisVulkanFeatures features;
    gptvis_vulkan_features_find (device->physical, &features);
    gchar *one = describe (device, i), *can = gptvis_vulkan_features_describe (&features);
    g_string_append_printf (text, "%s%s%s%s", i ? "\n" : "", one, *can ? ": " : "", can);
    g_free (one);
    g_free (can);
  }
  g_array_unref (devices);
  return g_string_free (text, FALSE);
}

static gint
find_best (GArray *devices, gboolean software)
{
  gint best = -1;
  guint best_rank = 0;
  for (guint i = 0; i < devices->len; i++) {
    const guint r = rank (g_array_index (devices, GptVisVulkanChoice, i).properties.deviceType, software);
    if (r > best_rank) {
      best = i;
      best_rank = r;
    }
  }
  return best;
}

static gint
find_named (GArray *devices, const gchar *wanted)
{
  guint64 number;
  if (g_ascii_string_to_unsigned (wanted, 10, 0, G_MAXINT, &number, NULL))
    return number < devices->len ? (gint) number : -1;
  gchar *low = g_utf8_strdown (wanted, -1);
  gint found = -1;
  for (guint i = 0; found < 0 && i < devices->len; i++) {
    gchar *name = g_utf8_strdown (g_array_index (devices, GptVisVulkanChoice, i).properties.deviceName, -1);
    if (strstr (name, low))
      found = i;
    g_free (name);
  }
  g_free (low);
  return found;
}

gboolean
gptvis_vulkan_choose (const gchar *device, gboolean software, GptVisVulkanChoice *choice, GError **error)
{
  const gboolean any = !device || strcmp (device, "auto") == 0;
  gchar *why_not = NULL;
  GArray *devices = list (&why_not, error);
  if (!devices)
    return FALSE;
  const gint i = any ? find_best (devices, software || gptvis_vulkan_faults.software_counts)
      : find_named (devices, device);
  if (i >= 0) {
    *choice = g_array_index (devices, GptVisVulkanChoice, i);
  } else if (devices->len == 0) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
        "there is no device that computes with Vulkan 1.1%s%s", why_not ? ": " : "", why_not ? why_not : "");
  } else {
    gchar *all = describe_all (devices);
    if (any)
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE, "there is no GPU, only %s", all);
    else
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND, "there is no device \"%s\", only %s", device,
          all);
    g_free (all);
  }
  g_array_unref (devices);
  g_free (why_not);
  return i >= 0;
}
