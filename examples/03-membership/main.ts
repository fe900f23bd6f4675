// One member becomes three, five, and one again, while clients ask all the time: npm run example:03
import { setTimeout } from 'node:timers/promises';
import { CoxswainError, createMemoryCluster, type RaftNode } from 'coxswain';
import { Output, type Row, wantsColour } from '../01-memory-cluster/output.ts';
import { Counter } from './counter.ts';
import { type CounterCluster, Load } from './load.ts';

const CLIENTS = 16;
/** The load goes on after each step, before what it felt is summed up. */
const AFTERWARDS_MS = 200;
const HEADER: Row = [
  'what happens',
  'takes',
  'voters after',
  'commands',
  'median',
  'slowest',
  'retries',
];

type Step = (leader: RaftNode<number, number, void, number>) => Promise<unknown>;

const at = (id: string) => ({ id, address: id });
const inMs = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** Leadership may move meanwhile: whoever leads then is asked. */
async function askLeader(cluster: CounterCluster, step: Step): Promise<void> {
  for (;;) {
    try {
      await step(await cluster.leader());
      return;
    } catch (error) {
      if (!(error instanceof CoxswainError && error.retryable)) throw error;
      await setTimeout(10);
    }
  }
}

async function run(cluster: CounterCluster, out: Output): Promise<void> {
  const load = new Load(cluster, CLIENTS);
  const rows: Row[] = [];
  const phase = async (name: string, ids: string, step: Step) => {
    await cluster.leader();
    const startedMs = performance.now();
    for (const id of ids) await cluster.join(id);
    await askLeader(cluster, step);
    const tookMs = performance.now() - startedMs;
    await setTimeout(AFTERWARDS_MS);
    const { committed } = (await cluster.leader()).members();
    const voters = committed.voters.map(({ id }) => id).sort();
    const { commands, medianMs, retries, slowestMs } = load.felt();
    const felt = [inMs(medianMs), inMs(slowestMs), `${retries}`];
    rows.push([name, inMs(tookMs), voters.join(' '), `${commands}`, ...felt]);
  };
  await phase('nothing', '', () => Promise.resolve());
  await phase('1 → 3: add b and c', 'bc', (leader) =>
    leader.changeMembers({ add: [at('b'), at('c')] }),
  );
  await phase('3 → 5: add d and e', 'de', (leader) =>
    leader.changeMembers({ add: [at('d'), at('e')] }),
  );
  await phase('hand over to c', '', (leader) => leader.transferLeadership('c'));
  await phase('b dies', '', () => cluster.stop('b'));
  await phase('replace b by f', 'f', (leader) => leader.replaceMember('b', at('f')));
  await phase('remove the leader', '', async (leader) => {
    await leader.removeMember(leader.id);
    await cluster.stop(leader.id);
  });
  await phase('4 → 1: keep the leader', '', async (leader) => {
    const others = leader.members().committed.voters.filter(({ id }) => id !== leader.id);
    await leader.changeMembers({ remove: others.map(({ id }) => id) });
    await Promise.all(others.map(({ id }) => cluster.stop(id)));
  });
  await load.end();
  out.section(
    'What the clients felt',
    `${CLIENTS} of them, each asks any member, again 2 ms after it was answered.`,
  );
  out.table(HEADER, rows, [1, 3, 4, 5, 6]);
  out.section('Was anything lost?');
  const value = await (await cluster.leader()).read();
  const { acknowledged, unknown } = load;
  if (value < acknowledged || value > acknowledged + unknown) {
    throw new Error(`${acknowledged} were acknowledged, ${unknown} unknown, ${value} counted`);
  }
  out.proved(`${acknowledged} acknowledged, ${unknown} with an unknown outcome, ${value} counted`);
}

const out = new Output(process.stdout, wantsColour(process.stdout, process.env));
out.title(
  'A cluster that changes under load, in memory',
  'From one member to five and back to one.',
);
const cluster: CounterCluster = await createMemoryCluster({
  size: 1,
  stateMachine: () => new Counter(),
});
await run(cluster, out).finally(() => cluster.close());
