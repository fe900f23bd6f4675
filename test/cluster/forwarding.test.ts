import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { slowEntries, World } from './nodes.ts';

let world = new World('abc');

afterEach(() => world.close());

describe('a forwarded proposal', () => {
  test('of a wiped member is not settled by the answer to its former self', async () => {
    world = new World('abc');
    const { clock, network } = world;
    let delay = 0;
    const transport = slowEntries(network.transport('a'), clock, (to) => (to === 'c' ? delay : 0));
    await world.open('a', { transport });
    await world.open('b');
    await world.open('c');
    const leader = await world.elect('a');
    await world.value(leader.propose('first'));
    // The answer to c is on its way for long, while c loses its disk and starts again.
    delay = 400;
    const former = world.node('c').propose('former');
    former.catch(() => undefined);
    await clock.advance(5);
    await world.settled(world.node('c').close());
    await world.value(leader.removeMember('c'));
    const fresh = await world.join('c');
    await world.value(leader.addLearner({ id: 'c', address: 'c' }));
    await clock.until(() => fresh.status().leader === 'a');
    const result = await world.settled(fresh.propose('latter'));
    delay = 0;
    const log = (await world.value(leader.read(undefined))) ?? [];
    // The result of a command is its place in the machine.
    expect(result).toMatchObject({ value: { result: log.indexOf('latter') + 1 } });
  });

  test('gets its large result, also when failures travel beside it', async () => {
    world = new World('abc', 16_384);
    const { clock } = world;
    const limits = { maxCommandBytes: 12_000, maxAppendBytes: 12_000, maxQueuedProposals: 30 };
    const large = 'x'.repeat(15_000);
    for (const id of world.ids) {
      const machine = Object.assign(new Recorder(), { apply: () => large as never });
      const more = id === 'a' ? limits : { ...limits, maxQueuedProposals: 1000 };
      await world.open(id, { stateMachine: machine, limits: more });
    }
    await world.elect('a');
    await clock.advance(50);
    const codes: Record<string, number> = {};
    const count = (code: string) => {
      codes[code] = (codes[code] ?? 0) + 1;
    };
    const burst = (rounds: number) => {
      for (let at = 0; at < 100; at++) {
        const call = world.node('b').propose(`${rounds} ${at}`, { timeoutMs: 5000 });
        call.then(
          () => count('fulfilled'),
          (error: { code: string }) => count(error.code),
        );
      }
      if (rounds > 0) clock.soon(() => burst(rounds - 1));
    };
    burst(10);
    await clock.advance(10_000);
    // Nothing was lost, cut or slow: every answer arrives.
    expect(codes['fulfilled']).toBeGreaterThan(0);
    expect(codes['ERR_TIMEOUT']).toBeUndefined();
  });
});
