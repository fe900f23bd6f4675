import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/raft/index.ts';
import { ClockWarnings } from '../../../src/runtime/clock-warnings.ts';
import { TestMember } from '../raft/member.ts';

const WALL_MS = 1_800_000_000_000;
const LEAST_OFF_MS = 60_001;

function bench(wallMs = WALL_MS) {
  const member = new TestMember();
  member.step({ type: 'clocks', wallMs });
  const named: unknown[] = [];
  const none = () => undefined;
  const warn = (fields: object) => void named.push(Reflect.get(fields, 'from'));
  const logger = { debug: none, info: none, error: none, warn };
  const warnings = new ClockWarnings(member.state, logger);
  const request = (from: string, atMs: number) =>
    warnings.look(from, {
      ...{ type: 'pre-vote-request', term: 1, campaign: 2, lastIndex: 0, lastTerm: 0 },
      wallMs: atMs,
    } as Message);
  return { named, request, warnings };
}

describe('a peer whose wall clock is off', () => {
  it('is named once, until its clock is right again', () => {
    const { named, request } = bench();
    request('b', WALL_MS + 60_000);
    expect(named).toEqual([]);
    for (const offMs of [LEAST_OFF_MS, -LEAST_OFF_MS, 10 * LEAST_OFF_MS]) {
      request('b', WALL_MS + offMs);
    }
    request('c', WALL_MS - LEAST_OFF_MS);
    expect(named).toEqual(['b', 'c']);
    request('b', WALL_MS);
    request('b', WALL_MS + LEAST_OFF_MS);
    expect(named).toEqual(['b', 'c', 'b']);
  });

  it('is not named when either clock is not known, or no clock is told', () => {
    const unknown = bench(0);
    unknown.request('b', WALL_MS);
    const { named, request, warnings } = bench();
    request('b', 0);
    warnings.look('b', { type: 'stale-term', term: 3 });
    expect([named, unknown.named]).toEqual([[], []]);
  });

  it('costs bounded memory, however many there are', () => {
    const { named, request } = bench();
    for (let peer = 0; peer < 1000; peer++) request(`p${peer}`, WALL_MS + LEAST_OFF_MS);
    expect(named).toHaveLength(64);
  });
});
