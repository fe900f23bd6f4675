// What each level of read returns, side by side: at a leader, at the same one once it is cut off,
// at those who go on without it, and when it is back: npm run example:04
import { type Consistency, CoxswainError, createMemoryCluster, type RaftNode } from 'coxswain';
import { Output, type Row, wantsColour } from '../01-memory-cluster/output.ts';
import { Register } from './register.ts';

type Node = RaftNode<string, void, void, string>;

/** How long each read may take: long enough for a round trip, short enough to watch. */
const PATIENCE_MS = 150;

/** The value, or why there is none. */
async function ask(node: Node, consistency: Consistency): Promise<string> {
  try {
    return await node.read(undefined, { consistency, timeoutMs: PATIENCE_MS });
  } catch (error) {
    if (error instanceof CoxswainError) return error.code;
    throw error;
  }
}

async function run(out: Output): Promise<void> {
  await using cluster = await createMemoryCluster({
    size: 3,
    heartbeatMs: 100,
    electionTimeoutMs: [1000, 1500],
    stateMachine: () => new Register(),
  });
  const leader = await cluster.leader();
  await leader.propose('old');

  // What is asked for, and how it is written.
  const levels: [string, () => Consistency][] = [
    ['linearizable', () => 'linearizable'],
    ['lease', () => 'lease'],
    ['at most 300 ms stale', () => ({ maxStalenessMs: 300 })],
    ['at most a minute stale', () => ({ maxStalenessMs: 60_000 })],
    ['at least the last write', () => ({ atLeastIndex: index })],
    ['local', () => 'local'],
  ];
  let { index } = await leader.propose('old');
  const columns: { title: string; answers: string[] }[] = [];
  const column = async (title: string, node: Node) => {
    const answers = await Promise.all(levels.map(([, level]) => ask(node, level())));
    columns.push({ title, answers });
  };

  await column('at the leader', leader);
  cluster.network.isolate(leader.id);
  // Nobody else can lead yet, and it knows that for a while by its lease.
  await column('just cut off', leader);

  const others = cluster.nodes.filter((node) => node !== leader);
  const another = () => others.find((node) => node.status().role === 'leader');
  await Promise.race(others.map((node) => node.waitFor({ role: 'leader' })));
  const next = another();
  if (next === undefined) throw new Error('nobody leads');
  ({ index } = await next.propose('new'));
  await column('cut off for long', leader);
  await column('the next leader', next);
  const follower = others.find((node) => node !== next);
  if (follower !== undefined) await column('its follower', follower);

  cluster.network.heal();
  await leader.waitFor({ applied: index });
  await column('back again', leader);

  out.section('What a read returns', `The value was “old”; those who are not cut off wrote “new”.`);
  const rows = levels.map(([name], at): Row => [name, ...columns.map((c) => c.answers[at] ?? '')]);
  out.table(['', ...columns.map(({ title }) => title)], rows, []);
  out.section('Was anything stale that must not be?');
  const [linearizable, lease] = columns[2]?.answers ?? [];
  if (linearizable === 'old' || lease === 'old') throw new Error('a stale read');
  out.proved('the member that was cut off answers, once others may lead, what may be stale only');
}

const out = new Output(process.stdout, wantsColour(process.stdout, process.env));
out.title('Reads, level by level', 'Three members; the leader is cut off.');
await run(out);
