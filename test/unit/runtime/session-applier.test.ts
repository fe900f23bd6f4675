import { describe, expect, it } from 'vitest';
import type { ApplyContext, EntryKind, LogEntry } from '../../../src/contracts/index.ts';
import { Refusal } from '../../../src/runtime/refusal.ts';
import { SessionApplier } from '../../../src/runtime/session-applier.ts';
import {
  encodeFence,
  encodeSessionClose,
  encodeSessionCommand,
  encodeSessionOpen,
} from '../../../src/runtime/wire/index.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text));

/** Sessions of a machine that the test drives; commands and results are bytes, not copied. */
class Bench {
  readonly commands: string[] = [];
  readonly contexts: ApplyContext[] = [];
  apply: (command: string) => Uint8Array | PromiseLike<Uint8Array> = (command) => bytes(command);
  encode: (result: Uint8Array) => Uint8Array = (result) => result;
  #index = 0;
  timeMs = 1000;
  readonly applier = new SessionApplier<Uint8Array, Uint8Array>({
    machine: {
      apply: (command, context) => {
        this.commands.push(String(Buffer.from(command)));
        this.contexts.push(context);
        return this.apply(String(Buffer.from(command)));
      },
    },
    command: { decode: (encoded) => encoded },
    result: { encode: (result) => this.encode(result) },
  });

  entry(kind: EntryKind, body: Uint8Array): LogEntry {
    return { index: ++this.#index, term: 3, timeMs: this.timeMs, kind, body };
  }

  give(kind: EntryKind, body: Uint8Array): unknown {
    return this.applier.apply(this.entry(kind, body), 1);
  }

  open(): number {
    const opened = this.give('session-open', encodeSessionOpen({ idleMs: 100, max: 2 }));
    expect(opened).toBeUndefined();
    return this.#index;
  }

  command(session: number, sequence: number, text: string, floor = 0): unknown {
    const name = { session, sequence, floor };
    return this.give('session-command', encodeSessionCommand(name, bytes(text)));
  }

  fence(session: number, sequence: number, floor = 0): unknown {
    return this.give('fence', encodeFence({ session, sequence, floor }));
  }
}

function refusal(settled: unknown): object {
  if (!(settled instanceof Refusal)) throw new Error(`not refused: ${JSON.stringify(settled)}`);
  const { code, index, message, outcome, retryable } = settled.error;
  return { code, index, message, outcome, retryable };
}

describe('what a session’s entry comes to', () => {
  it('is the result of the command, and of every repeat', () => {
    const bench = new Bench();
    const session = bench.open();
    const answer = { applied: true, index: 2, term: 3, result: bytes('x') };
    expect(bench.command(session, 1, 'x')).toEqual(answer);
    expect(bench.command(session, 1, 'x')).toEqual(answer);
    expect(bench.fence(session, 1)).toEqual(answer);
    expect(bench.commands).toEqual(['x']);
    expect(bench.contexts).toMatchObject([{ index: 2, term: 3, timeMs: 1000, session }]);
  });

  it('is a result that the machine cannot change later', () => {
    const bench = new Bench();
    const session = bench.open();
    const shared = bytes('before');
    bench.apply = () => shared;
    bench.command(session, 1, 'x');
    shared.fill(0);
    expect(bench.command(session, 1, 'x')).toMatchObject({ result: bytes('before') });
  });

  it('is a promise while the machine is at work', async () => {
    const bench = new Bench();
    const session = bench.open();
    bench.apply = (command) => Promise.resolve(bytes(`${command}!`));
    const answer = { applied: true, index: 2, term: 3, result: bytes('x!') };
    expect(await bench.command(session, 1, 'x')).toEqual(answer);
    expect(bench.command(session, 1, 'x')).toEqual(answer);
  });

  it('is a refusal that says what happened', () => {
    const bench = new Bench();
    const session = bench.open();
    bench.command(session, 2, 'x');
    const refused = (settled: unknown) => {
      const { code, outcome, retryable } = refusal(settled) as Record<string, unknown>;
      return [code, outcome, retryable];
    };
    const sequence = 'ERR_SEQUENCE_REFUSED';
    expect(refused(bench.command(session, 2, 'y'))).toEqual([sequence, 'unknown', false]);
    expect(refused(bench.command(session, 2000, 'y'))).toEqual([sequence, 'unknown', false]);
    expect(bench.fence(session, 3)).toMatchObject({ applied: false, index: 0 });
    expect(refused(bench.command(session, 3, 'y'))).toEqual([sequence, 'not-applied', false]);
    bench.command(session, 5, 'z', 4);
    expect(refused(bench.command(session, 4, 'y'))).toEqual([sequence, 'unknown', false]);
    expect(refused(bench.fence(session, 4))).toEqual([sequence, 'unknown', false]);
    bench.open();
    const full = bench.give('session-open', encodeSessionOpen({ idleMs: 100, max: 2 }));
    expect(refused(full)).toEqual(['ERR_QUEUE_FULL', 'not-applied', true]);
    bench.timeMs += 101;
    const expired = ['ERR_SESSION_EXPIRED', 'unknown', false];
    expect(refused(bench.command(session, 6, 'y'))).toEqual(expired);
    expect(refused(bench.fence(session, 6))).toEqual(expired);
    expect(bench.commands).toEqual(['x', 'z']);
  });

  it('is a refusal when the result does not encode: for a repeat the same, with its index', () => {
    const bench = new Bench();
    const session = bench.open();
    bench.encode = () => {
      throw new Error('odd');
    };
    const expected = { code: 'ERR_COMMAND_ENCODING', index: 2, outcome: 'unknown' };
    expect(refusal(bench.command(session, 1, 'x'))).toMatchObject(expected);
    expect(refusal(bench.command(session, 1, 'x'))).toMatchObject(expected);
    expect(bench.fence(session, 1)).toEqual({
      ...{ applied: true, index: 2, term: 3, result: undefined },
    });
    expect(bench.commands).toEqual(['x']);
  });

  it('is nothing for the others', () => {
    const bench = new Bench();
    const session = bench.open();
    expect(bench.applier.count).toBe(1);
    expect(bench.give('session-close', encodeSessionClose(session))).toBeUndefined();
    expect(bench.applier.count).toBe(0);
    for (const kind of ['noop', 'members', 'verify'] as const) {
      expect(bench.give(kind, bytes('x'))).toBeUndefined();
    }
  });

  it('is the end of the node when the store has spoilt it', () => {
    const kinds = ['session-open', 'session-close', 'session-command', 'fence'] as const;
    for (const kind of kinds) {
      expect(() => new Bench().give(kind, bytes('x'))).toThrow(
        expect.objectContaining({ code: 'ERR_STORE_CORRUPT', index: 1 }),
      );
    }
  });
});
