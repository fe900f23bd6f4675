import { describe, expect, it, test } from 'vitest';
import { createConfiguration } from '../../../src/raft/index.ts';
import { compareDigests, DigestReports } from '../../../src/runtime/digest-reports.ts';

const three = createConfiguration({ voters: ['a', 'b', 'c'], learners: ['l'] });
const joint = createConfiguration({ voters: ['a', 'b', 'c'], outgoing: ['c', 'd', 'e'] });

function told(text: string): Map<string, string> {
  return new Map(
    text.split(' ').flatMap((each) => (each === '' ? [] : [each.split('=') as never])),
  );
}

describe('what members have told of one entry', () => {
  test.each([
    ['', 'pending'],
    ['a=1', 'pending'],
    ['a=1 b=2', 'pending'],
    ['a=1 l=1', 'pending'],
  ])('%j says nothing yet', (digests, type) => {
    expect(compareDigests(three, told(digests))).toEqual({ type });
  });

  test.each([
    ['a=1 b=1', false],
    ['a=1 c=1 l=1', false],
    ['a=1 b=1 c=1', true],
  ])('%j is equal', (digests, isWhole) => {
    const found = { type: 'equal', digest: '1', isWhole };
    expect(compareDigests(three, told(digests))).toEqual(found);
  });

  test.each([
    ['a=2 b=1 c=1', ['a']],
    ['a=1 b=1 l=2', ['l']],
    ['a=1 b=2 c=1 l=3', ['b', 'l']],
  ])('%j shows who is odd', (digests, odd) => {
    const found = compareDigests(three, told(digests));
    expect(found).toMatchObject({ type: 'unequal', digest: '1' });
    expect(found).toMatchObject({ odd: expect.arrayContaining(odd) });
  });

  it('leaves no majority when all voters differ, whatever learners have', () => {
    const none = { type: 'unequal', digest: undefined, odd: [] };
    expect(compareDigests(three, told('a=1 b=2 c=3 l=1'))).toEqual(none);
    expect(compareDigests(createConfiguration({ voters: ['a', 'b'] }), told('a=1 b=2'))).toEqual(
      none,
    );
  });

  it('needs a majority of each half of a joint configuration', () => {
    expect(compareDigests(joint, told('a=1 b=1 c=2'))).toEqual({ type: 'pending' });
    const found = compareDigests(joint, told('a=1 b=1 c=2 d=1 e=1'));
    expect(found).toMatchObject({ digest: '1', odd: ['c'] });
    const none = compareDigests(joint, told('a=1 b=1 c=2 d=2 e=2'));
    expect(none).toMatchObject({ type: 'unequal', digest: undefined });
  });
});

describe('the reports of members', () => {
  it('are the latest of each, and no more than each keeps itself', () => {
    const reports = new DigestReports();
    const many = Array.from({ length: 40 }, (_, at) => ({ index: at + 1, digest: '1' }));
    reports.add('a', many);
    expect(reports.above(0)).toEqual(many.slice(-16).map(({ index }) => index));
    reports.add('a', [{ index: 3, digest: '1' }]);
    reports.add('b', [
      { index: 5, digest: '1' },
      { index: 3, digest: '1' },
    ]);
    expect(reports.above(0)).toEqual([3, 5]);
    expect(reports.above(3)).toEqual([5]);
    expect(reports.find(three, 3)).toMatchObject({ type: 'equal' });
    reports.clear();
    expect(reports.above(0)).toEqual([]);
  });

  it('of those that are no members count for nothing', () => {
    const reports = new DigestReports();
    reports.add('a', [{ index: 3, digest: '1' }]);
    reports.add('z', [{ index: 3, digest: '1' }]);
    expect(reports.find(three, 3)).toEqual({ type: 'pending' });
  });
});
