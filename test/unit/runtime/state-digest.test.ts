import { expect, test } from 'vitest';
import {
  createSessions,
  judgeCommand,
  openSession,
  recordResult,
  type Sessions,
} from '../../../src/raft/index.ts';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { stateDigest } from '../../../src/runtime/state-digest.ts';
import { decodeSessions, encodeSessions } from '../../../src/runtime/wire/index.ts';

const at = { ...BEGINNING, index: 9, term: 2, timeMs: 100 };

function table(body = 'x', result?: string): Sessions {
  const sessions = createSessions();
  openSession(sessions, { index: 3, timeMs: 50, idleMs: 1000, max: 5 });
  const name = { session: 3, sequence: 1, floor: 0 };
  judgeCommand(sessions, name, Buffer.from(body), { index: 4, term: 1, timeMs: 60 });
  if (result !== undefined) recordResult(sessions, name, Buffer.from(result));
  return sessions;
}

const digest = stateDigest('d', at, table());

test('a digest is the same for a table that came out of a snapshot', () => {
  const parts = encodeSessions(table('x', 'result'));
  const restored = decodeSessions(Buffer.concat(parts));
  expect(stateDigest('d', at, restored)).toBe(digest);
  expect(digest).toMatch(/^[0-9a-f]{32}$/);
});

test('a digest is the same when a result was lost over a restart', () => {
  expect(stateDigest('d', at, table('x', 'result'))).toBe(digest);
});

test.each([
  ['the machine', stateDigest('e', at, table())],
  ['the log time', stateDigest('d', { ...at, timeMs: 101 }, table())],
  ['the version', stateDigest('d', { ...at, machineVersion: 2 }, table())],
  [
    'the members',
    stateDigest('d', { ...at, members: { index: 1, body: Buffer.from('m') } }, table()),
  ],
  ['a command of a session', stateDigest('d', at, table('y'))],
  ['the sessions', stateDigest('d', at, createSessions())],
])('a digest is another one when %s is', (_, other) => {
  expect(other).not.toBe(digest);
});
