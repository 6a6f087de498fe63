#!/bin/sh
# Compiles OpenSSL's libcrypto and host.c into libcrypto.wasm. Run by hand when OpenSSL or host.c changes; the result is
# committed, so that a build of the project needs no C compiler. Debian: clang-19 lld-19 llvm-19 wasi-libc
# libclang-rt-19-dev-wasm32 binaryen perl make.  usage: build.sh OPENSSL_SOURCE_FOLDER [WORK_FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd)
work=${2:-$(mktemp -d)}
flags="--target=wasm32-wasi -O3 -msimd128 -mbulk-memory -ffunction-sections -fdata-sections"
mkdir -p "$work" && cd "$work"

if [ ! -f Makefile ]; then
  # What a program in Node cannot reach is left out: protocols, engines, and ciphers that Node's own build does not load.
  "$source/Configure" --config="$here/openssl.conf" verklet-wasm32 no-asm no-threads no-sock no-dso no-shared no-module \
    no-engine no-tests no-apps no-docs no-async no-ui-console no-afalgeng no-autoload-config no-legacy no-cmp no-cms no-ct \
    no-ts no-ocsp no-srp no-quic no-tls no-dtls no-http no-comp no-stdio no-capieng no-gost no-idea no-bf no-cast no-rc2 \
    no-rc4 no-rc5 no-seed no-mdc2 no-whirlpool no-md4 no-jitter --with-rand-seed=getrandom --openssldir=/etc/ssl
fi
make -s build_generated
make -s -j"$(nproc)" libcrypto.a

# Exported: what the interface in openssl.ts names.
exports=$(sed -n 's/^  \([A-Za-z0-9_]*\)(.*/-Wl,--export=\1/p' "$here/../openssl/exports.ts")
# shellcheck disable=SC2086
clang-19 $flags "-ffile-prefix-map=$here/=" -Wno-deprecated-declarations -Iinclude -I"$source/include" -mexec-model=reactor "$here/host.c" libcrypto.a \
  -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid -lwasi-emulated-mman \
  -Wl,--gc-sections -Wl,--strip-all -Wl,-z,stack-size=524288 $exports -o linked.wasm
wasm-opt -O2 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
  linked.wasm -o "$here/libcrypto.wasm"
ls -l "$here/libcrypto.wasm"
