// A full collection; the process of a row is started with --expose-gc.

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('this process was started without --expose-gc');
  globalThis.gc();
}
