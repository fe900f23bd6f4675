// What clients did and saw, and the cheap check that is always on: every acknowledged operation has
// one place in the log, and the order of places respects real time.
import { assert } from '../../lib/assert.ts';

export interface Operation {
  readonly serial: number;
  readonly client: number;
  readonly callUs: number;
  returnUs: number;
  /** Index in the log once acknowledged; 0 while unknown. */
  index: number;
}

export class History {
  readonly operations: Operation[] = [];
  #acknowledged = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  call(client: number, callUs: number): Operation {
    const serial = this.operations.length + 1;
    const operation = { serial, client, callUs, returnUs: Number.POSITIVE_INFINITY, index: 0 };
    this.operations.push(operation);
    return operation;
  }

  acknowledge(serial: number, index: number, returnUs: number): void {
    const operation = this.operations[serial - 1];
    assert(operation !== undefined, `operation ${serial} was called`);
    assert(operation.index === 0, `operation ${serial} is acknowledged once`);
    operation.index = index;
    operation.returnUs = returnUs;
    this.#acknowledged++;
  }

  /** `committed` gives the serial at each index, from 1 on. O(n log n). */
  check(committed: readonly { readonly serial: number }[]): void {
    const places = new Map<number, number>();
    for (const [place, { serial }] of committed.entries()) {
      if (serial === 0) continue;
      assert(!places.has(serial), `operation ${serial} is in the log once`);
      assert(serial <= this.operations.length, `operation ${serial} is nobody's invention`);
      places.set(serial, place + 1);
    }
    const acknowledged = this.operations.filter(({ index }) => index > 0);
    for (const { index, serial } of acknowledged) {
      assert(places.get(serial) === index, `acknowledged operation ${serial} is at ${index}`);
    }
    checkRealTime(acknowledged);
  }
}

/** What returned before another was called comes before it in the log. */
function checkRealTime(acknowledged: readonly Operation[]): void {
  const byReturn = [...acknowledged].sort((a, b) => a.returnUs - b.returnUs);
  let highest = 0;
  let next = 0;
  for (const { callUs, index, serial } of acknowledged) {
    for (; (byReturn[next]?.returnUs ?? Number.POSITIVE_INFINITY) < callUs; next++) {
      highest = Math.max(highest, byReturn[next]?.index ?? 0);
    }
    assert(index > highest, `operation ${serial} is after all that returned before its call`);
  }
}
