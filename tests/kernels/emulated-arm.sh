#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tests of kernels built for AArch64 and run by qemu, on models with and without a dot product of bytes.
# The libraries are Debian's, in a folder that .ci/arm64-root fills. Usage: emulated-arm.sh SOURCE BUILD MODEL
# TIERS TEST…; the tests by their names in tests/kernels.
. "$(dirname "$0")/emulated.sh"
source=$1 build=$2 model=$3 tiers=$4 tested=$5
shift 5
root=$source/build-arm64-root
libraries=/usr/lib/aarch64-linux-gnu    # in $root

on_processor () {
  "$qemu" -L "$root" -E "LD_LIBRARY_PATH=$libraries:$libraries/openblas-pthread" \
    -cpu "$1" -E "$2" -E "$3" "$4"
}

need meson ninja pkg-config flock aarch64-linux-gnu-gcc
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) ||
  { echo "skipped: needs qemu-aarch64-static"; exit 77; }
[ -d "$root$libraries" ] ||
  { echo "skipped: no libraries; .ci/arm64-root build-arm64-root fetches them"; exit 77; }

# The models share one build: whoever comes first makes it, the others wait.
exec 9> "$build.lock" && flock 9 || exit 1
# Optimised no further than 2: GCC 12.2 ends in an internal error over test-tiers.c else (in
# vect_transform_reduction). The tiers have their own level.
if [ ! -f "$build/build.ninja" ]; then
  mkdir -p "$build"
  cat > "$build/cross.ini" << END
# pkgconfig is what meson before 1.3 calls it
[binaries]
c = ['aarch64-linux-gnu-gcc', '--sysroot=$root']
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkg-config = 'pkg-config'
pkgconfig = 'pkg-config'
exe_wrapper = ['$qemu', '-L', '$root']
[properties]
sys_root = '$root'
pkg_config_libdir = ['$root$libraries/pkgconfig', '$root$libraries/openblas-pthread/pkgconfig',
  '$root/usr/share/pkgconfig']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
  env -u CC -u CFLAGS -u LDFLAGS meson setup "$build" "$source" --cross-file "$build/cross.ini" --werror \
    -Dparts=kernels -Dvulkan=disabled -Doptimization=2 || exit 1
fi
ninja -C "$build" || exit 1
exec 9>&-
for name; do
  set -- "$@" "$build/tests/kernels/test-$name"
  shift
done
judge "$model" "$tiers" "$tested" "$@"
