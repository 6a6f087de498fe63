// What SQLite asks of its host: a file system (answered by sqlite/files.ts on the shared files) and the calls back into
// functions of JavaScript. Compiled into sqlite.wasm beside SQLite's amalgamation; see build.sh.
#include <stdint.h>
#include <string.h>
#include "sqlite3.h"

#define IMPORT(name) __attribute__((import_module("verklet"), import_name(#name))) extern

IMPORT(open) int host_open(const char *path, int flags);
IMPORT(close) void host_close(int file);
IMPORT(read) int host_read(int file, void *into, int size, sqlite3_int64 offset);
IMPORT(write) int host_write(int file, const void *from, int size, sqlite3_int64 offset);
IMPORT(truncate) int host_truncate(int file, sqlite3_int64 size);
IMPORT(size) sqlite3_int64 host_size(int file);
IMPORT(lock) int host_lock(int file, int level);
IMPORT(unlock) void host_unlock(int file, int level);
IMPORT(isReserved) int host_is_reserved(int file);
IMPORT(remove) int host_remove(const char *path);
IMPORT(access) int host_access(const char *path, int flags);
IMPORT(fullPath) int host_full_path(const char *path, char *out, int size);
IMPORT(random) void host_random(void *out, int size);
IMPORT(sleep) void host_sleep(int microseconds);
IMPORT(now) double host_now(void);

IMPORT(callFunction) void host_call_function(int id, sqlite3_context *context, int count, sqlite3_value **values);
IMPORT(callStep) void host_call_step(int id, sqlite3_context *context, void *state, int count, sqlite3_value **values, int isInverse);
IMPORT(callResult) void host_call_result(int id, sqlite3_context *context, void *state, int isFinal);
IMPORT(authorize) int host_authorize(int id, int action, const char *a, const char *b, const char *c, const char *d);
IMPORT(filterTable) int host_filter_table(int id, const char *table);
IMPORT(resolveConflict) int host_resolve_conflict(int id, int kind);

typedef struct {
  sqlite3_file base;
  int file;
} host_file;

static int file_close(sqlite3_file *file) {
  host_close(((host_file *)file)->file);
  return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 offset) {
  int count = host_read(((host_file *)file)->file, into, size, offset);
  if (count < 0) return SQLITE_IOERR_READ;
  if (count == size) return SQLITE_OK;
  memset((char *)into + count, 0, size - count);
  return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset) {
  int count = host_write(((host_file *)file)->file, from, size, offset);
  if (count == size) return SQLITE_OK;
  return count < 0 ? SQLITE_IOERR_WRITE : SQLITE_FULL;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  return host_truncate(((host_file *)file)->file, size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

// The files are shared memory: what was written is there for every process.
static int file_sync(sqlite3_file *file, int flags) {
  (void)file, (void)flags;
  return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  *size = host_size(((host_file *)file)->file);
  return *size < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level) { return host_lock(((host_file *)file)->file, level); }

static int file_unlock(sqlite3_file *file, int level) {
  host_unlock(((host_file *)file)->file, level);
  return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *file, int *result) {
  *result = host_is_reserved(((host_file *)file)->file);
  return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
  (void)file, (void)operation, (void)argument;
  return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file) {
  (void)file;
  return 4096;
}

static int file_characteristics(sqlite3_file *file) {
  (void)file;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    1,         file_close,          file_read,    file_write,       file_truncate,        file_sync, file_size, file_lock,
    file_unlock, file_check_reserved, file_control, file_sector_size, file_characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  host_file *opened = (host_file *)file;
  opened->base.pMethods = NULL;
  int handle = host_open(path, flags);
  if (handle < 0 && (flags & SQLITE_OPEN_READWRITE) && handle == -13) {
    // Not writable: SQLite opens the file for reading, and writes fail with their own error.
    flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    handle = host_open(path, flags);
  }
  if (handle < 0) return SQLITE_CANTOPEN;
  opened->file = handle;
  opened->base.pMethods = &methods;
  if (out_flags != NULL) *out_flags = flags;
  return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) {
  (void)vfs, (void)sync;
  return host_remove(path);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  (void)vfs;
  *result = host_access(path, flags);
  return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  (void)vfs;
  return host_full_path(path, out, size);
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *out) {
  (void)vfs;
  host_random(out, size);
  return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  host_sleep(microseconds);
  return microseconds;
}

static int vfs_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *time) {
  (void)vfs;
  // Milliseconds since the Julian epoch.
  *time = (sqlite3_int64)(host_now() + 210866760000000.0);
  return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *time) {
  sqlite3_int64 ms;
  vfs_time_ms(vfs, &ms);
  *time = ms / 86400000.0;
  return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out) {
  (void)vfs, (void)size, (void)out;
  return 0;
}

static sqlite3_vfs vfs = {
    .iVersion = 2,
    .szOsFile = sizeof(host_file),
    .mxPathname = 1024,
    .zName = "verklet",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_random,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
    .xCurrentTimeInt64 = vfs_time_ms,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

// Functions of JavaScript. `id` names one in a table of the host.

static void on_function(sqlite3_context *context, int count, sqlite3_value **values) {
  host_call_function((int)(intptr_t)sqlite3_user_data(context), context, count, values);
}

static void on_step(sqlite3_context *context, int count, sqlite3_value **values) {
  host_call_step((int)(intptr_t)sqlite3_user_data(context), context, sqlite3_aggregate_context(context, 8), count, values, 0);
}

static void on_inverse(sqlite3_context *context, int count, sqlite3_value **values) {
  host_call_step((int)(intptr_t)sqlite3_user_data(context), context, sqlite3_aggregate_context(context, 8), count, values, 1);
}

static void on_final(sqlite3_context *context) {
  host_call_result((int)(intptr_t)sqlite3_user_data(context), context, sqlite3_aggregate_context(context, 8), 1);
}

static void on_value(sqlite3_context *context) {
  host_call_result((int)(intptr_t)sqlite3_user_data(context), context, sqlite3_aggregate_context(context, 8), 0);
}

int vk_create_function(sqlite3 *db, const char *name, int count, int flags, int id) {
  return sqlite3_create_function_v2(db, name, count, flags, (void *)(intptr_t)id, on_function, NULL, NULL, NULL);
}

int vk_create_aggregate(sqlite3 *db, const char *name, int count, int flags, int id, int has_inverse) {
  return sqlite3_create_window_function(db, name, count, flags, (void *)(intptr_t)id, on_step, on_final, has_inverse ? on_value : NULL,
                                        has_inverse ? on_inverse : NULL, NULL);
}

static int on_authorize(void *id, int action, const char *a, const char *b, const char *c, const char *d) {
  return host_authorize((int)(intptr_t)id, action, a, b, c, d);
}

int vk_set_authorizer(sqlite3 *db, int id) {
  return sqlite3_set_authorizer(db, id == 0 ? NULL : on_authorize, (void *)(intptr_t)id);
}

static int on_filter(void *id, const char *table) { return host_filter_table((int)(intptr_t)id, table); }

static int on_conflict(void *id, int kind, sqlite3_changeset_iter *iterator) {
  (void)iterator;
  return host_resolve_conflict((int)(intptr_t)id, kind);
}

int vk_apply_changeset(sqlite3 *db, int size, void *changeset, int id, int has_filter) {
  return sqlite3changeset_apply(db, size, changeset, has_filter ? on_filter : NULL, on_conflict, (void *)(intptr_t)id);
}

int vk_config(sqlite3 *db, int operation, int value) {
  int current = 0;
  return sqlite3_db_config(db, operation, value, &current);
}

// Copies of the caller's bytes, so that they may go away.
int vk_bind_text(sqlite3_stmt *statement, int index, const char *text, int size) {
  return sqlite3_bind_text(statement, index, text, size, SQLITE_TRANSIENT);
}

int vk_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int size) {
  return sqlite3_bind_blob(statement, index, bytes, size, SQLITE_TRANSIENT);
}

void vk_result_text(sqlite3_context *context, const char *text, int size) { sqlite3_result_text(context, text, size, SQLITE_TRANSIENT); }

void vk_result_blob(sqlite3_context *context, const void *bytes, int size) { sqlite3_result_blob(context, bytes, size, SQLITE_TRANSIENT); }
