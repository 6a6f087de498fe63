// The functions of sqlite.wasm that the binding calls: SQLite's own by name, ours with `vk_`. Pointers, sizes and flags are
// numbers, 64-bit integers bigints. native/build.sh reads this list: what is not here is not in the artifact. Table.

type Pointer = number;

export interface Sqlite {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(sizeBytes: number): Pointer;
  free(at: Pointer): void;
  sqlite3_free(at: Pointer): void;
  sqlite3_initialize(): number;

  // Connections
  sqlite3_open_v2(path: Pointer, out: Pointer, flags: number, vfs: Pointer): number;
  sqlite3_close_v2(db: Pointer): number;
  sqlite3_errmsg(db: Pointer): Pointer;
  sqlite3_extended_errcode(db: Pointer): number;
  sqlite3_errstr(code: number): Pointer;
  sqlite3_exec(db: Pointer, sql: Pointer, callback: Pointer, data: Pointer, error: Pointer): number;
  sqlite3_busy_timeout(db: Pointer, timeoutMs: number): number;
  sqlite3_get_autocommit(db: Pointer): number;
  sqlite3_db_filename(db: Pointer, name: Pointer): Pointer;
  sqlite3_changes64(db: Pointer): bigint;
  sqlite3_last_insert_rowid(db: Pointer): bigint;
  sqlite3_extended_result_codes(db: Pointer, isOn: number): number;
  vk_config(db: Pointer, operation: number, value: number): number;
  vk_create_function(db: Pointer, name: Pointer, count: number, flags: number, id: number): number;
  vk_create_aggregate(db: Pointer, name: Pointer, count: number, flags: number, id: number, hasInverse: number): number;
  vk_set_authorizer(db: Pointer, id: number): number;

  // Statements
  sqlite3_prepare_v2(db: Pointer, sql: Pointer, length: number, out: Pointer, tail: Pointer): number;
  sqlite3_finalize(statement: Pointer): number;
  sqlite3_reset(statement: Pointer): number;
  sqlite3_clear_bindings(statement: Pointer): number;
  sqlite3_step(statement: Pointer): number;
  sqlite3_sql(statement: Pointer): Pointer;
  sqlite3_expanded_sql(statement: Pointer): Pointer;
  sqlite3_column_count(statement: Pointer): number;
  sqlite3_column_name(statement: Pointer, index: number): Pointer;
  sqlite3_column_type(statement: Pointer, index: number): number;
  sqlite3_column_int64(statement: Pointer, index: number): bigint;
  sqlite3_column_double(statement: Pointer, index: number): number;
  sqlite3_column_text(statement: Pointer, index: number): Pointer;
  sqlite3_column_blob(statement: Pointer, index: number): Pointer;
  sqlite3_column_bytes(statement: Pointer, index: number): number;
  sqlite3_column_origin_name(statement: Pointer, index: number): Pointer;
  sqlite3_column_table_name(statement: Pointer, index: number): Pointer;
  sqlite3_column_database_name(statement: Pointer, index: number): Pointer;
  sqlite3_column_decltype(statement: Pointer, index: number): Pointer;
  sqlite3_bind_parameter_count(statement: Pointer): number;
  sqlite3_bind_parameter_name(statement: Pointer, index: number): Pointer;
  sqlite3_bind_parameter_index(statement: Pointer, name: Pointer): number;
  sqlite3_bind_null(statement: Pointer, index: number): number;
  sqlite3_bind_double(statement: Pointer, index: number, value: number): number;
  sqlite3_bind_int64(statement: Pointer, index: number, value: bigint): number;
  vk_bind_text(statement: Pointer, index: number, text: Pointer, size: number): number;
  vk_bind_blob(statement: Pointer, index: number, bytes: Pointer, size: number): number;

  // Values of functions
  sqlite3_value_type(value: Pointer): number;
  sqlite3_value_int64(value: Pointer): bigint;
  sqlite3_value_double(value: Pointer): number;
  sqlite3_value_text(value: Pointer): Pointer;
  sqlite3_value_blob(value: Pointer): Pointer;
  sqlite3_value_bytes(value: Pointer): number;
  sqlite3_result_null(context: Pointer): void;
  sqlite3_result_double(context: Pointer, value: number): void;
  sqlite3_result_int64(context: Pointer, value: bigint): void;
  sqlite3_result_error(context: Pointer, text: Pointer, size: number): void;
  vk_result_text(context: Pointer, text: Pointer, size: number): void;
  vk_result_blob(context: Pointer, bytes: Pointer, size: number): void;

  // Sessions
  sqlite3session_create(db: Pointer, name: Pointer, out: Pointer): number;
  sqlite3session_delete(session: Pointer): void;
  sqlite3session_attach(session: Pointer, table: Pointer): number;
  sqlite3session_changeset(session: Pointer, size: Pointer, out: Pointer): number;
  sqlite3session_patchset(session: Pointer, size: Pointer, out: Pointer): number;
  vk_apply_changeset(db: Pointer, size: number, changeset: Pointer, id: number, hasFilter: number): number;

  // Backups
  sqlite3_backup_init(to: Pointer, toName: Pointer, from: Pointer, fromName: Pointer): Pointer;
  sqlite3_backup_step(backup: Pointer, pages: number): number;
  sqlite3_backup_finish(backup: Pointer): number;
  sqlite3_backup_remaining(backup: Pointer): number;
  sqlite3_backup_pagecount(backup: Pointer): number;
}
