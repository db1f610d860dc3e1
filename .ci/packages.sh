# SPDX-License-Identifier: LGPL-2.1-or-later
# What demo and check need of Debian, and the way to it. Sourced, not run.

build_packages="gcc pkg-config meson ninja-build libglib2.0-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libjson-glib-dev liborc-0.4-dev libopenblas-dev libpango1.0-dev libpng-dev zlib1g-dev libcurl4-openssl-dev
  libvulkan-dev libvulkan-volk-dev glslang-tools"
run_packages="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-x fonts-dejavu-core"
test_packages="clang libclang-rt-dev valgrind gir1.2-gst-plugins-base-1.0 python3-gi git libgstrtspserver-1.0-dev
  gobject-introspection libgirepository1.0-dev libgstreamer-plugins-bad1.0-dev gstreamer1.0-rtsp xorriso cpio
  mesa-vulkan-drivers vulkan-validationlayers gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static"

# as_root COMMAND…: with sudo where that is needed; 1 when there is no way.
as_root () {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    return 1
  fi
}

# need PACKAGE…: installs those that are missing, saying which.
need () {
  if ! command -v apt-get > /dev/null; then
    echo "This is not Debian: what is needed is called there: $*"
    return 0
  fi
  missing=
  for package; do
    # libclang-rt-dev is a name of Debian 13; in 12 its files come by version
    [ "$package" = libclang-rt-dev ] && package=$(compiler_runtime)
    # before GStreamer 1.24 it has no GstAnalytics, and would bring OpenCV for nothing
    [ "$package" = libgstreamer-plugins-bad1.0-dev ] && ! has_analytics && continue
    [ -z "$package" ] && continue
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "Installing from Debian:$missing"
  log=$(mktemp)
  if as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update && apt-get install -y --no-install-recommends $missing" \
      < /dev/null > "$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 5 "$log" >&2
    rm -f "$log"
    echo "They could not be installed. Please run, as root: apt-get install$missing" >&2
    return 1
  fi
}

# clang's sanitizer libraries: the package of clang's own version, as they are called in 12 and 13.
compiler_runtime () {
  version=$(apt-cache show clang 2> /dev/null | sed -n 's/^Depends:.*clang-\([0-9][0-9]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] && echo "libclang-rt-$version-dev"
}

has_analytics () {
  version=$(apt-cache show libgstreamer-plugins-bad1.0-dev 2> /dev/null | sed -n 's/^Version: //p' | head -n 1)
  dpkg --compare-versions "${version:-0}" ge 1.24
}
