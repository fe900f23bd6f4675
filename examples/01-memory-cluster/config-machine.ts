// A configuration store as a replicated state machine: the file of this example to copy.

import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { StateMachine } from 'coxswain';

export type ConfigValue = string | number | boolean | null;

export type ConfigCommand =
  | { readonly type: 'set' | 'update'; readonly key: string; readonly value: ConfigValue }
  | { readonly type: 'delete'; readonly key: string };

/** `previous` is undefined when there was no such key, `revision` counts the changes so far. */
export type ConfigResult =
  | { readonly ok: true; readonly revision: number; readonly previous: ConfigValue | undefined }
  | { readonly ok: false; readonly reason: 'missing' };

export type ConfigQuery =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'size' };

/** What `get` finds, undefined when there is no such key; the number of keys for `size`. */
export type ConfigAnswer = ConfigValue | undefined;

interface ConfigState {
  readonly revision: number;
  readonly entries: readonly (readonly [key: string, value: ConfigValue])[];
}

export class ConfigMachine
  implements StateMachine<ConfigCommand, ConfigResult, ConfigQuery, ConfigAnswer>
{
  #revision = 0;
  #values = new Map<string, ConfigValue>();

  // Every member runs this on the same commands in the same order: no clock, no random, no I/O.
  // A command that cannot be done is an answer, not an exception.
  apply(command: ConfigCommand): ConfigResult {
    const { key, type } = command;
    const previous = this.#values.get(key);
    if (type !== 'set' && previous === undefined) return { ok: false, reason: 'missing' };
    if (command.type === 'delete') this.#values.delete(key);
    else this.#values.set(key, command.value);
    this.#revision++;
    return { ok: true, revision: this.#revision, previous };
  }

  query(query: ConfigQuery): ConfigAnswer {
    return query.type === 'get' ? this.#values.get(query.key) : this.#values.size;
  }

  // Sorted by code units (not by locale), so that equal states give equal bytes everywhere.
  snapshot(): Uint8Array {
    const entries = [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
    const state: ConfigState = { revision: this.#revision, entries };
    return Buffer.from(JSON.stringify(state));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const state: ConfigState = JSON.parse(await text(chunks));
    this.#revision = state.revision;
    this.#values = new Map(state.entries);
  }

  digest(): string {
    return createHash('sha256').update(this.snapshot()).digest('hex');
  }
}
