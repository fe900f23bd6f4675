// The state machine that users copy: its results, its snapshots, its digest.
import type { ApplyContext } from 'coxswain';
import { describe, expect, it } from 'vitest';
import {
  type ConfigCommand,
  ConfigMachine,
} from '../../examples/01-memory-cluster/config-machine.ts';

function machineAfter(...commands: readonly ConfigCommand[]): ConfigMachine {
  const machine = new ConfigMachine();
  for (const command of commands) machine.apply(command);
  return machine;
}

async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

const a: ConfigCommand = { type: 'set', key: 'a', value: 'één ✓' };
const b: ConfigCommand = { type: 'set', key: 'b', value: null };

describe('the configuration machine', () => {
  it('says what was there before and how many changes there were', () => {
    const machine = new ConfigMachine();
    const results = [
      machine.apply({ type: 'set', key: 'k', value: null }),
      machine.apply({ type: 'update', key: 'k', value: 2 }),
      machine.apply({ type: 'delete', key: 'k' }),
      machine.apply({ type: 'set', key: 'k', value: false }),
    ];
    expect(results).toEqual([
      { ok: true, revision: 1, previous: undefined },
      { ok: true, revision: 2, previous: null },
      { ok: true, revision: 3, previous: 2 },
      { ok: true, revision: 4, previous: undefined },
    ]);
    expect(machine.query({ type: 'get', key: 'k' })).toBe(false);
    expect(machine.query({ type: 'size' })).toBe(1);
  });

  it('rejects what needs a key that is missing, and changes nothing', () => {
    const machine = machineAfter(a);
    const digest = machine.digest();
    const rejected = { ok: false, reason: 'missing' };
    expect(machine.apply({ type: 'update', key: 'k', value: 1 })).toEqual(rejected);
    expect(machine.apply({ type: 'delete', key: 'k' })).toEqual(rejected);
    expect(machine.query({ type: 'get', key: 'k' })).toBeUndefined();
    expect(machine.digest()).toBe(digest);
  });

  it('is restored from its snapshot to the same digest, whatever the chunks', async () => {
    const machine = machineAfter(a, b, { type: 'delete', key: 'b' });
    for (const chunkBytes of [1, 7, 1000]) {
      const other = machineAfter({ type: 'set', key: 'gone', value: 1 });
      await other.restore(inChunks(machine.snapshot(), chunkBytes));
      expect(other.digest()).toBe(machine.digest());
      expect(other.query({ type: 'get', key: 'a' })).toBe('één ✓');
      expect(other.query({ type: 'get', key: 'gone' })).toBeUndefined();
      expect(other.apply(b)).toEqual(machine.apply(b));
      machine.apply({ type: 'delete', key: 'b' });
    }
  });

  it('has one digest for one state, however it came about, and others for others', () => {
    expect(machineAfter(a, b).digest()).toBe(machineAfter(b, a).digest());
    expect(machineAfter(a).digest()).not.toBe(machineAfter(b).digest());
    expect(machineAfter(a).digest()).not.toBe(machineAfter(a, a).digest());
  });

  it('depends on its commands alone', () => {
    const context: ApplyContext = {
      index: 9,
      term: 3,
      timeMs: 77,
      machineVersion: 1,
      random: () => 0.5,
    };
    const commands: readonly ConfigCommand[] = [a, b, { type: 'update', key: 'a', value: 1 }];
    const machine: { apply(command: ConfigCommand, context: ApplyContext): unknown } =
      new ConfigMachine();
    const results = commands.map((command) => machine.apply(command, context));
    const bare = new ConfigMachine();
    expect(commands.map((command) => bare.apply(command))).toEqual(results);
  });
});
