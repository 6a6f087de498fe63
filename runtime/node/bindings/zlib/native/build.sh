#!/bin/sh
# Compiles zlib, Brotli and Zstandard into codecs.wasm. Run by hand when one of them changes; the result is committed, so
# that a build of the project needs no C compiler. Debian: clang-19 lld-19 llvm-19 wasi-libc libclang-rt-19-dev-wasm32
# binaryen.  usage: build.sh ZLIB_FOLDER BROTLI_FOLDER ZSTD_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
zlib=$(cd "$1" && pwd) brotli=$(cd "$2" && pwd) zstd=$(cd "$3" && pwd)
work=$(mktemp -d)
flags="--target=wasm32-wasi -O3 -msimd128 -mbulk-memory -ffunction-sections -fdata-sections"
defines="-DHAVE_UNISTD_H -DZSTD_DISABLE_ASM -DZSTD_LEGACY_SUPPORT=0 -DZDICT_QSORT=ZDICT_QSORT_C90 -DBROTLI_BUILD_PORTABLE"
for file in adler32 crc32 deflate inffast inflate inftrees trees zutil; do echo "$zlib/$file.c"; done >"$work/sources"
ls "$brotli"/c/common/*.c "$brotli"/c/enc/*.c "$brotli"/c/dec/*.c >>"$work/sources"
ls "$zstd"/lib/common/*.c "$zstd"/lib/compress/*.c "$zstd"/lib/decompress/*.c | grep -v zstdmt >>"$work/sources"
cd "$work"
n=0
while read -r file; do
  n=$((n + 1))
  # shellcheck disable=SC2086
  echo clang-19 $flags $defines -I"$zlib" -I"$brotli/c/include" -I"$zstd/lib" -c "$file" -o "$n.o"
done <sources | xargs -P "$(nproc)" -I{} sh -c '{}'

# Exported: what the interface in codecs-exports.ts names.
exports=$(sed -n 's/^  \([A-Za-z0-9_]*\)(.*/-Wl,--export=\1/p' "$here/../codecs-exports.ts")
# shellcheck disable=SC2086
clang-19 $flags -mexec-model=reactor ./*.o -Wl,--gc-sections -Wl,--strip-all -Wl,-z,stack-size=262144 $exports -o linked.wasm
wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
  linked.wasm -o "$here/codecs.wasm"
ls -l "$here/codecs.wasm"
rm -r "$work"
