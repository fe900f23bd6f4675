import { describe, expect, it } from 'vitest';
import { decodeIdentity, type StoreIdentity } from '../../../src/runtime/identity.ts';
import { StoreRecord } from '../../../src/runtime/store-record.ts';

const identity: StoreIdentity = {
  ...{
    clusterId: '00ff102000000000',
    id: 'a',
    incarnation: 2 ** 52 + 9,
    boot: 4,
    patienceMs: 2 ** 33,
  },
  ...{ repairFrom: 0, admitted: false, pins: new Map([['b', 98]]) },
};

/** What the next write takes along. */
function take(record: StoreRecord, known?: Parameters<StoreRecord['take']>[0]) {
  const bytes = record.take(known);
  return bytes === undefined ? undefined : decodeIdentity(bytes);
}

describe('the record of a store', () => {
  it('is not written as long as nothing of it changes', () => {
    const record = new StoreRecord(identity);
    expect(take(record)).toBeUndefined();
    expect(record.identity).toEqual(identity);
  });

  it('takes over whom the member has met, and keeps everything else', () => {
    const record = new StoreRecord(identity);
    const known = { admitted: true, pins: new Map([['c', 99]]) };
    expect(take(record, known)).toEqual({ ...identity, ...known });
    expect(record.identity).toEqual({ ...identity, ...known });
    expect(take(record)).toBeUndefined();
  });

  it('tells of the cluster that was joined once, by whichever write comes next', () => {
    const clusterId = '00ff10203040a0b1';
    for (const known of [undefined, { admitted: true, pins: new Map([['c', 99]]) }]) {
      const record = new StoreRecord(identity);
      record.joined(clusterId);
      expect(take(record, known)).toEqual({ ...identity, ...known, clusterId });
      expect(take(record)).toBeUndefined();
    }
  });

  it('keeps the cluster that was joined in every later record', () => {
    const record = new StoreRecord(identity);
    record.joined('00ff10203040a0b1');
    record.take(undefined);
    const later = take(record, { admitted: true, pins: new Map() });
    expect(later).toMatchObject({ clusterId: '00ff10203040a0b1', pins: new Map() });
  });

  it('takes note, once, that only this run’s promise is left', () => {
    const record = new StoreRecord(identity);
    record.promise(150);
    expect(take(record)).toEqual({ ...identity, patienceMs: 150 });
    record.promise(150);
    expect(take(record)).toBeUndefined();
  });
});
