// Objects of our bindings that messages carry by reference: they never change, like Node's Blob and key handles. Process worker.

const handles = new WeakSet<object>();

export function markShareable<T extends object>(handle: T): T {
  handles.add(handle);
  return handle;
}

export function isShareable(value: object): boolean {
  return handles.has(value);
}
