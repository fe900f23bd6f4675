// A member that was away for long comes back while writes go on: npm run example:06
import { setTimeout } from 'node:timers/promises';
import { CoxswainError, createMemoryCluster, type MemoryCluster } from 'coxswain';
import { Output, type Row, wantsColour } from '../01-memory-cluster/output.ts';
import { type Delivery, Inventory } from './inventory.ts';

type Cluster = MemoryCluster<Delivery, number, string, number>;

const ARTICLES = 20_000;
const BATCH = 500;
const CLIENTS = 16;
const PAUSE_MS = 4;
const AWAY = 'c';
const LOOK_EVERY_MS = 100;

const out = new Output(process.stdout, wantsColour(process.stdout, process.env));
const startedMs = performance.now();
const machines = new Map<string, Inventory>();
let delivered = 0;
let isOver = false;

function event(who: string, text: string): void {
  out.event(performance.now() - startedMs, who, text);
}

function article(number: number): string {
  return `article-${`${number}`.padStart(6, '0')}`;
}

async function client(cluster: Cluster): Promise<void> {
  while (!isOver) {
    const leader = cluster.nodes.find((node) => node.status().role === 'leader');
    const command = { article: article(Math.floor(Math.random() * ARTICLES)), count: 1 };
    try {
      await leader?.propose(command);
      delivered++;
    } catch (error) {
      if (!(error instanceof CoxswainError && error.retryable)) throw error;
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Every article once, so that there is something to send. */
async function fill(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  for (let from = 0; from < ARTICLES; from += BATCH) {
    const some = Array.from({ length: BATCH }, (_, at) => article(from + at));
    await Promise.all(some.map((each) => leader.propose({ article: each, count: 1 })));
  }
  delivered += ARTICLES;
}

/** Shows how far it has come until it holds all that is committed. */
async function watch(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  const back = cluster.node(AWAY);
  for (let last = ''; ; await setTimeout(LOOK_EVERY_MS)) {
    const { commit, followers } = leader.status();
    const follower = followers.find(({ id }) => id === AWAY);
    const { applied } = back.status();
    const sent = follower?.snapshot;
    const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
    const text = sent
      ? `snapshot of entry ${sent.index}: ${kib(sent.stored)} of ${kib(sent.bytes)} stored`
      : `applied ${applied}, committed ${commit}`;
    if (text !== last) event(AWAY, text);
    last = text;
    if (commit - applied < 100 && sent === undefined) return;
  }
}

function table(cluster: Cluster): void {
  const rows = cluster.nodes.map((node): Row => {
    const { applied, base, id, last, snapshot } = node.status();
    const machine = machines.get(id);
    return [id, `${base + 1}-${last}`, `${snapshot?.index}`, `${applied}`, `${machine?.applied}`];
  });
  const header = ['', 'entries in the log', 'snapshot', 'applied', 'commands given to the machine'];
  out.table(header, rows, [1, 2, 3, 4]);
}

out.title('Snapshots', `${CLIENTS} clients write to ${ARTICLES} articles all the time.`);
await using cluster: Cluster = await createMemoryCluster({
  stateMachine: (id) => {
    const machine = new Inventory();
    machines.set(id, machine);
    return machine;
  },
  heartbeatMs: 50,
  electionTimeoutMs: [1000, 2000],
  snapshot: {
    everyEntries: 5000,
    keepEntries: 500,
    chunkBytes: 16 * 1024,
    maxBytesPerSec: 512 * 1024,
  },
});
out.section('Every member takes snapshots, and lets go of the log before them');
await cluster.leader();
if (cluster.node(AWAY).status().role === 'leader') {
  await cluster.node(AWAY).transferLeadership();
}
await fill(cluster);
for (const node of cluster.nodes) await node.takeSnapshot();
table(cluster);

out.section(`${AWAY} goes, the others go on`);
await cluster.stop(AWAY);
const clients = Array.from({ length: CLIENTS }, () => client(cluster));
await fill(cluster);
event(AWAY, 'is away; what it lacks is in no log any more');
table(cluster);

out.section(`${AWAY} is back, and writes go on`);
const before = delivered;
await cluster.start(AWAY);
await watch(cluster);
const during = delivered - before;
isOver = true;
await Promise.all(clients);
const leader = await cluster.leader();
await cluster.node(AWAY).waitFor({ applied: leader.status().commit });
table(cluster);

out.section('Is it the same machine?');
const machine = machines.get(AWAY);
for (let at = 0; at < ARTICLES; at++) {
  const counts = [...machines.values()].map((each) => each.query(article(at)));
  if (new Set(counts).size !== 1) throw new Error(`${article(at)} differs: ${counts.join(', ')}`);
}
const restored = machine?.restored.map(({ index }) => index).join(', then ');
out.proved(`all ${ARTICLES} articles are equal on all members`);
out.proved(`${AWAY} was restored at ${restored}, and given only ${machine?.applied} commands`);
out.proved(`${during} more deliveries were made while it came back`);
