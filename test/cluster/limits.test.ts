import { rawCodec } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { follower, type Harness, Recorder, startCluster } from './harness.ts';

let harness: Harness | undefined;

afterEach(async () => {
  const closing = harness?.cluster.close();
  if (closing !== undefined) await harness?.settled(closing);
  harness = undefined;
});

async function start(...args: Parameters<typeof startCluster>): Promise<Harness> {
  harness = await startCluster(...args);
  return harness;
}

describe('refusals', () => {
  test('a full queue refuses at once, and has room again later', async () => {
    const { cluster, leader, settled, value } = await start({ limits: { maxQueuedProposals: 3 } });
    const node = cluster.node('a');
    const calls = ['1', '2', '3'].map((command) => node.propose(command));
    await expect(node.propose('4')).rejects.toMatchObject({
      code: 'ERR_QUEUE_FULL',
      outcome: 'not-applied',
      retryable: true,
    });
    await leader();
    for (const call of calls) expect((await settled(call)).status).toBe('fulfilled');
    expect((await value(node.propose('5'))).result).toBe(4);
    expect(node.status().waiting).toBe(0);
  });

  test('queued bytes are bounded too', async () => {
    const { cluster } = await start({ limits: { maxQueuedBytes: 100 } });
    const node = cluster.node('a');
    const first = node.propose('x'.repeat(60));
    first.catch(() => undefined);
    await expect(node.propose('y'.repeat(60))).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
  });

  test('a command over the limit is named with its size', async () => {
    const { cluster } = await start({ limits: { maxCommandBytes: 10 } });
    const refused = cluster.node('a').propose('twelve bytes');
    await expect(refused).rejects.toMatchObject({ code: 'ERR_COMMAND_TOO_LARGE' });
    await expect(refused).rejects.toThrow(/13 bytes.*maxCommandBytes is 10/);
  });

  test('a command that does not encode is refused', async () => {
    const { cluster } = await start({ codec: rawCodec as never });
    await expect(cluster.node('a').propose('text')).rejects.toMatchObject({
      code: 'ERR_COMMAND_ENCODING',
      outcome: 'not-applied',
    });
  });

  test.each([
    [{ timeoutMs: 0 }, /timeoutMs is 0/],
    [{ timeout: 5 }, /timeout is 5/],
    [{ signal: {} }, /signal is \{\}/],
  ])('the call option %o is refused', async (options, message) => {
    const { cluster } = await start();
    const call = cluster.node('a').propose('x', options as never);
    await expect(call).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(call).rejects.toThrow(message);
  });

  test('an unknown consistency is refused with those that exist', async () => {
    const { cluster } = await start();
    const refused = [
      ...['sometimes', 3, null, {}, { maxStalenessMs: 1, atLeastIndex: 1 }, { maxStalenessMs: -1 }],
      ...[{ maxStalenessMs: 1.5 }, { atLeastIndex: '3' }, { atMostIndex: 3 }, []],
    ];
    for (const consistency of refused) {
      const read = cluster.node('a').read(undefined, { consistency: consistency as never });
      await expect(read).rejects.toMatchObject({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringMatching(/^read: consistency.* is .*; accepted: /),
      });
    }
  });
});

describe('waiting', () => {
  test('an aborted call stops waiting; whether it was applied is told by the outcome', async () => {
    const { cluster, leader, settled } = await start();
    const queued = new AbortController();
    const early = settled(cluster.node('a').propose('early', { signal: queued.signal }));
    queued.abort();
    expect(await early).toMatchObject({ reason: { code: 'ERR_ABORTED', outcome: 'not-applied' } });
    const first = await leader();
    cluster.network.isolate(first.status().id);
    const logged = new AbortController();
    const late = first.propose('late', { signal: logged.signal });
    late.catch(() => undefined);
    await harness?.clock.settle();
    logged.abort();
    await expect(late).rejects.toMatchObject({ code: 'ERR_ABORTED', outcome: 'unknown', index: 3 });
  });

  test('a signal that was aborted before refuses the call', async () => {
    const { cluster } = await start();
    const call = cluster.node('a').propose('x', { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED', outcome: 'not-applied' });
  });

  test('a proposal that is not committed in time may have been applied', async () => {
    const { cluster, leader, settled } = await start();
    const first = await leader();
    cluster.network.isolate(first.status().id);
    expect(await settled(first.propose('x', { timeoutMs: 100 }))).toMatchObject({
      reason: { code: 'ERR_TIMEOUT', outcome: 'unknown', index: 3 },
    });
  });

  test('waitFor sees a leader, an index and a role', async () => {
    const { cluster, leader, settled, value } = await start();
    const node = cluster.node('b');
    const seen = settled(node.waitFor('leader'));
    const first = await leader();
    expect(await seen).toMatchObject({ status: 'fulfilled' });
    const { index } = await value(first.propose('x'));
    expect((await value(node.waitFor({ applied: index }))).applied).toBeGreaterThanOrEqual(index);
    expect((await value(first.waitFor({ role: 'leader' }))).role).toBe('leader');
    expect(await settled(node.waitFor({ applied: 1e6 }, { timeoutMs: 50 }))).toMatchObject({
      reason: { code: 'ERR_TIMEOUT' },
    });
    await expect(node.waitFor({ applied: 'x' } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
  });

  test('a query that throws rejects its own read only', async () => {
    const { leader, settled, value } = await start({
      stateMachine: () =>
        Object.assign(new Recorder(), {
          query: () => {
            throw new RangeError('bad question');
          },
        }),
    });
    const first = await leader();
    expect(await settled(first.read(undefined))).toMatchObject({
      reason: { message: 'bad question' },
    });
    expect((await value(first.propose('x'))).result).toBe(1);
  });
});

describe('closing', () => {
  test('settles every call, and says what happened to each', async () => {
    const { cluster, leader, settled } = await start();
    const first = await leader();
    const other = follower(cluster);
    await harness?.clock.advance(50);
    cluster.network.isolate(first.status().id);
    const logged = first.propose('logged');
    const forwarded = other.propose('forwarded');
    const waiting = other.waitFor({ applied: 1000 });
    const reading = first.read(undefined);
    await harness?.clock.settle();
    const queued = other.propose('queued');
    const calls = [logged, forwarded, waiting, reading, queued].map((call) =>
      settled(call as Promise<unknown>),
    );
    await Promise.all([first.close(), other.close()]);
    const outcomes = (await Promise.all(calls)).map((result) =>
      result.status === 'rejected' ? [result.reason.code, result.reason.outcome] : result.value,
    );
    expect(outcomes).toEqual([
      ['ERR_CLOSED', 'unknown'],
      ['ERR_CLOSED', 'unknown'],
      ['ERR_CLOSED', 'not-applied'],
      ['ERR_CLOSED', 'not-applied'],
      ['ERR_CLOSED', 'not-applied'],
    ]);
    await expect(first.propose('later')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('may be repeated, and tells listeners once', async () => {
    const { cluster } = await start();
    const node = cluster.node('a');
    let closed = 0;
    node.on('closed', () => void closed++);
    await Promise.all([node.close(), node.close()]);
    await node[Symbol.asyncDispose]();
    expect(closed).toBe(1);
  });

  test('leaves no timer behind', async () => {
    const { clock, cluster, leader } = await start();
    await leader();
    await cluster.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
