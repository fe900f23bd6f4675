// Runs a row in a fresh process: no row inherits the heap, the optimised code or the garbage of
// another. For a smoke run one process does all, as starting them would take longer than the rows.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { RowReply, RowResults, RowSpec } from './row-types.ts';

/** So large a young generation that no collection falls into what the core bench counts. */
const CORE_FLAGS = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

export class RowRunner {
  readonly #shared: boolean;
  #child: ChildProcess | undefined;

  constructor(shared: boolean) {
    this.#shared = shared;
  }

  async measure<S extends RowSpec>(spec: S): Promise<RowResults[S['kind']]> {
    const child = this.#child ?? startChild(this.#shared || spec.kind === 'core');
    this.#child = this.#shared ? child : undefined;
    child.send(spec);
    const reply = await nextReply(child);
    if (!this.#shared) child.disconnect();
    if ('error' in reply) throw new Error(`${JSON.stringify(spec)}: ${reply.error}`);
    return reply.result as RowResults[S['kind']];
  }

  close(): void {
    if (this.#child?.connected === true) this.#child.disconnect();
  }
}

async function nextReply(child: ChildProcess): Promise<RowReply> {
  const over = new AbortController();
  const { signal } = over;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([reply]) => reply as RowReply),
      once(child, 'exit', { signal }).then(([code]) => ({ error: `it ended with ${code}` })),
    ]);
  } finally {
    over.abort();
  }
}

/** With the same flags as this process: those that load TypeScript are among them. */
function startChild(largeYoungGeneration: boolean): ChildProcess {
  const flags = ['--expose-gc', ...(largeYoungGeneration ? CORE_FLAGS : [])];
  return fork(new URL('./row-process.ts', import.meta.url), {
    execArgv: [...process.execArgv, ...flags],
  });
}
