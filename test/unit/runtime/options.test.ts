import { describe, expect, it } from 'vitest';
import type { CoxswainError } from '../../../src/errors.ts';
import { MemoryNetwork, MemoryStorage } from '../../../src/memory/index.ts';
import {
  checkOptions,
  defaultLimits,
  presets,
  type RaftNodeOptions,
} from '../../../src/runtime/options.ts';
import { defaultSnapshotSettings } from '../../../src/runtime/snapshot-settings.ts';

type Options = RaftNodeOptions<number, number>;

const members = ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1` }));
const stateMachine = {
  apply: () => 0,
  snapshot: () => new Uint8Array(0),
  restore: () => undefined,
};
const valid: Options = {
  ...{ cluster: 'orders', id: 'a', address: 'a:1', bootstrap: members, stateMachine },
  ...{ storage: new MemoryStorage(), transport: new MemoryNetwork().transport('a') },
};

function check(changes: object): ReturnType<typeof checkOptions<number, number, never, never>> {
  return checkOptions({ ...valid, ...changes } as Options);
}

function refusal(changes: object): CoxswainError {
  try {
    check(changes);
  } catch (error) {
    return error as CoxswainError;
  }
  throw new Error(`accepted: ${JSON.stringify(changes)}`);
}

const big = 'x'.repeat(256);
const member = { id: 'a', address: 'a:1' };
const noop = () => undefined;

/** Each is refused by a message that starts with the name of the option. */
const refused: readonly (readonly [name: string, changes: object])[] = [
  ['cluster', { cluster: '' }],
  ['verifyEveryEntries', { verifyEveryEntries: 0 }],
  ['verifyEveryEntries', { verifyEveryEntries: 1.5 }],
  ['cluster', { cluster: undefined }],
  ['cluster', { cluster: 7 }],
  ['cluster', { cluster: big }],
  ['cluster', { cluster: 'é'.repeat(128) }],
  ['id', { id: '' }],
  ['id', { id: null }],
  ['id', { id: big }],
  ['id', { id: 'd' }],
  ['address', { address: '' }],
  ['address', { address: {} }],
  ['bootstrap', { bootstrap: [] }],
  ['bootstrap', { bootstrap: 'a' }],
  ['bootstrap', { bootstrap: { a: 'a:1' } }],
  ['bootstrap[1]', { bootstrap: [member, null] }],
  ['bootstrap[1]', { bootstrap: [member, 'b'] }],
  ['bootstrap[1].id', { bootstrap: [member, { ...member, id: '' }] }],
  ['bootstrap[0].address', { bootstrap: [{ id: 'a' }] }],
  ['bootstrap[2].id', { bootstrap: [member, { ...member, id: 'b' }, member] }],
  ['join', { bootstrap: undefined, join: 'yes' }],
  ['join', { bootstrap: undefined, join: null }],
  ['join', { join: true }],
  ['stateMachine', { stateMachine: undefined }],
  ['stateMachine', { stateMachine: { apply: noop } }],
  ['stateMachine', { stateMachine: { ...stateMachine, restore: 1 } }],
  ['storage', { storage: null }],
  ['storage', { storage: {} }],
  ['storage.log', { storage: { close: noop } }],
  ['storage.log', { storage: { close: noop, log: { load: noop, write: noop } } }],
  ['storage.snapshots', { storage: { close: noop, log: new MemoryStorage().log } }],
  [
    'storage.snapshots',
    { storage: { close: noop, log: new MemoryStorage().log, snapshots: { save: noop } } },
  ],
  ['transport', { transport: undefined }],
  ['transport', { transport: { open: noop, send: noop } }],
  ['codec.command', { codec: {} }],
  ['codec.result', { codec: { command: { encode: noop, decode: noop } } }],
  ['heartbeatMs', { heartbeatMs: 0 }],
  ['heartbeatMs', { heartbeatMs: 1.5 }],
  ['heartbeatMs', { heartbeatMs: '100' }],
  ['heartbeatMs', { heartbeatMs: Number.NaN }],
  ['electionTimeoutMs', { electionTimeoutMs: 1000 }],
  ['electionTimeoutMs', { electionTimeoutMs: [1000] }],
  ['electionTimeoutMs', { electionTimeoutMs: [1000, 1000] }],
  ['electionTimeoutMs', { electionTimeoutMs: [2000, 1000] }],
  ['electionTimeoutMs', { electionTimeoutMs: [100, 2000] }],
  ['electionTimeoutMs', { electionTimeoutMs: [199, 2000] }],
  ['electionTimeoutMs', { heartbeatMs: 1000 }],
  ['electionTimeoutMs', { heartbeatMs: 501 }],
  ['electionTimeoutMs[0]', { electionTimeoutMs: ['1000', 2000] }],
  ['electionTimeoutMs[1]', { electionTimeoutMs: [1000, Number.POSITIVE_INFINITY] }],
  ['requestTimeoutMs', { requestTimeoutMs: 0 }],
  ['requestTimeoutMs', { requestTimeoutMs: 2 ** 31 }],
  ['limits', { limits: 5 }],
  ['limits.maxCommandBytes', { limits: { maxCommandBytes: 0 } }],
  ['limits.maxCommandBytes', { limits: { maxCommandBytes: 8 * 1024 * 1024 } }],
  ['limits.maxAppendBytes', { limits: { maxAppendBytes: 8 * 1024 * 1024 } }],
  ['limits.maxQueuedBytes', { limits: { maxQueuedBytes: '1' } }],
  ['limits.maxMembers', { limits: { maxMembers: 0 } }],
  ['limits.maxMembers', { limits: { maxMembers: 2.5 } }],
  ['limits.maxCommandByte', { limits: { maxCommandByte: 5 } }],
  ['stateMachine', { stateMachine: { ...stateMachine, nextDeadlineMs: noop } }],
  ['stateMachine', { stateMachine: { ...stateMachine, nextDeadlineMs: 5, tick: noop } }],
  ['stateMachine.version', { stateMachine: { ...stateMachine, version: 0 } }],
  ['stateMachine', { stateMachine: { ...stateMachine, applyBatch: [] } }],
  ['stateMachine', { stateMachine: { ...stateMachine, lastApplied: 5 } }],
  ['stall', { stall: 5 }],
  ['stall.storeMs', { stall: { storeMs: 0 } }],
  ['stall.applyMs', { stall: { applyMs: 2.5 } }],
  ['stall.loopMs', { stall: { loopMs: 2 ** 31 } }],
  ['stall.diskMs', { stall: { diskMs: 5 } }],
  ['sessions', { sessions: 5 }],
  ['sessions.max', { sessions: { max: 0 } }],
  ['sessions.idleMs', { sessions: { idleMs: 0.5 } }],
  ['sessions.idle', { sessions: { idle: 5 } }],
  ['clock', { clock: { now: noop } }],
  ['clock', { clock: null }],
  ['seed', { seed: -1 }],
  ['seed', { seed: 0.5 }],
  ['seed', { seed: 'x' }],
  ['logger', { logger: { info: noop } }],
  ['logger', { logger: console.log }],
  ['checkInvariants', { checkInvariants: 1 }],
  ['trace', { trace: {} }],
  ['heartbeat', { heartbeat: 100 }],
  ['snapshot', { snapshot: 5 }],
  ['snapshot.everyEntries', { snapshot: { everyEntries: 0 } }],
  ['snapshot.everyBytes', { snapshot: { everyBytes: 0.5 } }],
  ['snapshot.keepEntries', { snapshot: { keepEntries: -1 } }],
  ['snapshot.maxHeldBytes', { snapshot: { maxHeldBytes: '1' } }],
  ['snapshot.maxInflightChunks', { snapshot: { maxInflightChunks: 0 } }],
  ['snapshot.maxBytesPerSec', { snapshot: { maxBytesPerSec: 0 } }],
  ['snapshot.chunkBytes', { snapshot: { chunkBytes: 2 ** 30 } }],
  ['snapshot.every', { snapshot: { every: 5 } }],
];

describe('an option that is not accepted', () => {
  it.each(refused)('is named: %s', (name, changes) => {
    const error = refusal(changes);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', outcome: 'not-applied' });
    expect(error.message.startsWith(`${name} is `)).toBe(true);
    expect(error.message).toMatch(/; accepted: ./);
  });

  it('is shown with its value, however large that is', () => {
    expect(refusal({ heartbeatMs: -3 }).message).toMatch(/^heartbeatMs is -3; accepted: a whole/);
    const huge = { cluster: 'x'.repeat(100_000) };
    expect(refusal(huge).message.length).toBeLessThan(300);
  });

  it('is shown in part when it is a large object, such as a machine with all its state', () => {
    const state = Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`key${n}`, n]));
    expect(refusal({ stateMachine: { apply: noop, state } }).message.length).toBeLessThan(2000);
  });

  it('is named also when all options are missing', () => {
    for (const options of [undefined, null, 'options', 5]) {
      expect(() => checkOptions(options as unknown as Options)).toThrow(/^options is /);
    }
  });

  it('is a transport that does not say how long its frames may be', () => {
    const { open, setPeers, send, close } = new MemoryNetwork().transport('a');
    const transport = { open, setPeers, send, close };
    expect(refusal({ transport })).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/^transport/),
    });
  });

  it('is a codec of null', () => {
    expect(refusal({ codec: null })).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/^codec/),
    });
  });

  it('is a text that UTF-8 cannot hold: two such ids would be one on the wire', () => {
    const half = '\ud83d';
    const bootstrap = [...members, { id: half, address: 'x' }];
    expect(refusal({ cluster: half }).message).toMatch(/^cluster is /);
    expect(refusal({ id: half, bootstrap }).message).toMatch(/^id is |^bootstrap\[3\]\.id is /);
  });
});

describe('options that are accepted', () => {
  it('get every default', () => {
    const { clock, codec, logger, seed, ...checked } = check({});
    expect(checked).toEqual({
      ...valid,
      ...{ heartbeatMs: 100, electionMinMs: 1000, electionMaxMs: 2000, requestTimeoutMs: 10_000 },
      ...{ limits: defaultLimits, checkInvariants: false, join: false },
      sessions: { max: 10_000, idleMs: 3_600_000 },
      ...{ lease: { maxClockDrift: 0.05 }, maxClockOffsetMs: 60_000 },
      verifyEveryEntries: 10_000,
      stall: { storeMs: 1000, applyMs: 1000, loopMs: 1000 },
      snapshot: defaultSnapshotSettings,
    });
    expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
    expect(clock.now()).toBeGreaterThan(0);
    expect(codec.command.decode(codec.command.encode(3))).toBe(3);
    expect(logger.error({}, 'nothing')).toBeUndefined();
  });

  it('may say how an empty store begins, by its members or by joining, or not', () => {
    expect(check({ join: false })).toMatchObject({ bootstrap: members, join: false });
    const joiner = { id: 'd', bootstrap: undefined };
    expect(check({ ...joiner, join: true })).toMatchObject({ bootstrap: undefined, join: true });
    expect(check(joiner)).toMatchObject({ bootstrap: undefined, join: false });
  });

  it('may be left undefined', () => {
    const checked = check({ heartbeatMs: undefined, limits: { maxAppendBytes: undefined } });
    expect(checked).toMatchObject({ heartbeatMs: 100, limits: defaultLimits });
  });

  it('replace the default of one limit and no other', () => {
    const { limits } = check({ limits: { maxAppendBytes: 7 } });
    expect(limits).toEqual({ ...defaultLimits, maxAppendBytes: 7 });
    expect(check({ limits: { maxMembers: 3 } }).limits).toEqual({
      ...defaultLimits,
      maxMembers: 3,
    });
    expect(defaultLimits.maxAppendBytes).toBe(1024 * 1024);
  });

  it('may be a preset', () => {
    for (const preset of Object.values(presets)) {
      const [electionMinMs, electionMaxMs] = preset.electionTimeoutMs;
      const { heartbeatMs } = preset;
      expect(check(preset)).toMatchObject({ heartbeatMs, electionMinMs, electionMaxMs });
    }
  });

  it('may be at their bounds', () => {
    const bounds = { heartbeatMs: 1, electionTimeoutMs: [2, 3], requestTimeoutMs: 1, seed: 0 };
    const name = 'é'.repeat(127);
    const bootstrap = [{ id: name, address: 'x'.repeat(1024) }];
    const checked = check({ ...bounds, cluster: name, id: name, bootstrap });
    expect(checked).toMatchObject({ heartbeatMs: 1, electionMinMs: 2, electionMaxMs: 3, seed: 0 });
  });

  it('are not changed', () => {
    const options = Object.freeze({ ...valid, limits: Object.freeze({ maxAppendBytes: 9 }) });
    checkOptions(options);
    expect(options.limits).toEqual({ maxAppendBytes: 9 });
  });
});
