import { describe, expect, it } from 'vitest';
import type { MembershipChange } from '../../../src/contracts/index.ts';
import { CoxswainError } from '../../../src/errors.ts';
import { checkChange } from '../../../src/runtime/change-checks.ts';

const d = { id: 'd', address: 'd:1' };
const big = 'x'.repeat(256);

function refusal(change: unknown): CoxswainError {
  try {
    checkChange(change as MembershipChange);
  } catch (error) {
    if (error instanceof CoxswainError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(change)}`);
}

/** Each is refused by a message that starts with the name of what is wrong. */
const refused: readonly (readonly [name: string, change: unknown])[] = [
  ['change', undefined],
  ['change', null],
  ['change', 'd'],
  ['change', {}],
  ['change', { add: [], remove: [] }],
  ['change', { add: undefined }],
  ['removes', { removes: ['a'] }],
  ['voters', { add: [d], voters: ['a'] }],
  ['add', { add: d }],
  ['add', { add: null }],
  ['remove', { remove: 'a' }],
  ['replace', { replace: { id: 'a', by: d } }],
  ['add[0]', { add: ['d'] }],
  ['add[1]', { add: [d, null] }],
  ['add[0].id', { add: [{ address: 'd:1' }] }],
  ['add[0].id', { add: [{ ...d, id: big }] }],
  ['add[0].address', { add: [{ id: 'd' }] }],
  ['add[0].address', { add: [{ id: 'd', address: '' }] }],
  ['learners[0]', { learners: ['d'] }],
  ['learners[0].address', { learners: [{ id: 'd', address: 7 }] }],
  ['promote[0]', { promote: [d] }],
  ['promote[1]', { promote: ['d', ''] }],
  ['demote[0]', { demote: [undefined] }],
  ['remove[0]', { remove: [big] }],
  ['remove[0]', { remove: ['\ud83d'] }],
  ['replace[0]', { replace: ['a'] }],
  ['replace[0].id', { replace: [{ by: d }] }],
  ['replace[0].by', { replace: [{ id: 'a' }] }],
  ['replace[0].by', { replace: [{ id: 'a', by: 'd' }] }],
  ['replace[0].by.address', { replace: [{ id: 'a', by: { id: 'd' } }] }],
];

describe('a change of members', () => {
  it.each(refused)('is refused, and what is wrong is named: %s', (name, change) => {
    const error = refusal(change);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', outcome: 'not-applied' });
    expect(error.message.startsWith(`changeMembers: ${name} is `)).toBe(true);
    expect(error.message).toMatch(/; accepted: ./);
  });

  it('that names nobody is told every list there is', () => {
    expect(refusal({}).message).toMatch(/add, learners, promote, demote, remove, replace$/);
  });

  it.each([
    [{ add: [d] }],
    [{ learners: [d] }],
    [{ promote: ['d'] }],
    [{ demote: ['a', 'b'], remove: [] }],
    [{ remove: ['é'.repeat(127)] }],
    [{ replace: [{ id: 'a', by: d }] }],
    [{ add: [d], remove: ['a'], replace: [{ id: 'b', by: { id: 'e', address: 'e:1' } }] }],
  ] satisfies [MembershipChange][])('is accepted, and not changed: %j', (change) => {
    const copy = structuredClone(change);
    checkChange(change);
    expect(change).toEqual(copy);
  });
});
