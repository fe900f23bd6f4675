// A member that stopped by itself, as its cluster sees it.
import { expect, it } from 'vitest';
import { createMemoryCluster, type MemberId } from '../../../src/index.ts';

it('goes on without a member that stopped by itself, and starts it again', async () => {
  const bad = new Set<MemberId>();
  const machineOf = (id: MemberId) => ({
    apply: (command: string) => {
      if (bad.has(id)) throw new Error('out of order');
      return command;
    },
    snapshot: () => new Uint8Array(0),
    restore: () => undefined,
  });
  await using cluster = await createMemoryCluster({ stateMachine: machineOf });
  const first = await cluster.leader();
  bad.add(first.id);
  const fault = new Promise((resolve) => first.once('fault', resolve));
  await expect(first.propose('x')).rejects.toMatchObject({ code: 'ERR_STATE_MACHINE' });
  expect(await fault).toMatchObject({ code: 'ERR_STATE_MACHINE' });

  expect(first.status()).toMatchObject({ running: false, role: 'follower', leader: undefined });
  expect(first.metrics()).toMatchObject({ role: 'follower', leader: undefined });
  expect(cluster.nodes.map(({ id }) => id)).not.toContain(first.id);
  const second = await cluster.leader();
  expect(second.id).not.toBe(first.id);
  expect(await second.propose('y')).toMatchObject({ result: 'y' });

  bad.clear();
  const again = await cluster.start(first.id);
  expect(again.status().running).toBe(true);
  await again.waitFor({ applied: second.status().applied });
  await expect(cluster.start(first.id)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
});
