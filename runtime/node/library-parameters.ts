// The parameters that Node passes to the function around each module of its library. Used by the build and by documentation.

/** Parameter names by the kind of module `id` is; as in Node's builtin loader (`src/node_builtins.cc`). */
export function parametersOf(id: string): readonly string[] {
  if (id.startsWith('internal/bootstrap/realm')) return ['process', 'getLinkedBinding', 'getInternalBinding', 'primordials'];
  if (id.startsWith('internal/per_context/')) return ['exports', 'primordials', 'privateSymbols', 'perIsolateSymbols'];
  if (id.startsWith('internal/main/') || id.startsWith('internal/bootstrap/'))
    return ['process', 'require', 'internalBinding', 'primordials'];
  return ['exports', 'require', 'module', 'process', 'internalBinding', 'primordials'];
}
