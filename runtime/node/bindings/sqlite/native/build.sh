#!/bin/sh
# Compiles SQLite's amalgamation and host.c into sqlite.wasm. Run by hand when SQLite or host.c changes; the result is
# committed, so that a build of the project needs no C compiler. Debian: clang-19 lld-19 llvm-19 wasi-libc
# libclang-rt-19-dev-wasm32 binaryen.  usage: build.sh FOLDER_WITH_SQLITE3_C
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd)
work=$(mktemp -d)
flags="--target=wasm32-wasi -O2 -msimd128 -mbulk-memory -ffunction-sections -fdata-sections"
# The features that Node compiles in; no threads, and the host's own file system.
defines="-DSQLITE_OS_OTHER=1 -DSQLITE_THREADSAFE=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_OMIT_LOAD_EXTENSION
  -DSQLITE_TEMP_STORE=2 -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_FTS3
  -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_GEOPOLY
  -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_RBU -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_SESSION
  -DSQLITE_MAX_EXPR_DEPTH=200"
cd "$work"
# shellcheck disable=SC2086
clang-19 $flags $defines -w -c "$source/sqlite3.c" -o sqlite3.o
# shellcheck disable=SC2086
clang-19 $flags $defines -I"$source" -c "$here/host.c" -o host.o
# Exported: what the interface in exports.ts names.
exports=$(sed -n 's/^  \([A-Za-z0-9_]*\)(.*/-Wl,--export=\1/p' "$here/../exports.ts")
# shellcheck disable=SC2086
clang-19 $flags -mexec-model=reactor ./*.o -Wl,--gc-sections -Wl,--strip-all -Wl,-z,stack-size=524288 $exports -o linked.wasm
wasm-opt -O2 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
  linked.wasm -o "$here/sqlite.wasm"
ls -l "$here/sqlite.wasm"
rm -r "$work"
