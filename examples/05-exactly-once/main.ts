// The same payments over a bad network, three ways: npm run example:05
import { setTimeout } from 'node:timers/promises';
import {
  CoxswainError,
  createMemoryCluster,
  type MemoryCluster,
  type RaftNode,
  type Session,
} from 'coxswain';
import { Output, type Row, wantsColour } from '../01-memory-cluster/output.ts';
import { type Balance, Ledger } from './ledger.ts';

type Node = RaftNode<string, number, void, Balance>;
type Cluster = MemoryCluster<string, number, void, Balance>;

/** True when somebody was told that the payment was made. */
type Pay = (payment: string) => Promise<boolean>;

const CLIENTS = 8;
const PAYMENTS = 40;
/** Frames lost on the way: one in so many. */
const LOST_ONE_IN = 10;
const CUT_EVERY_MS = 400;
const PATIENCE_MS = 150;
const UNTIL_SURE_MS = 60_000;

/** Nobody asks again: what was not answered may be done, or not. */
async function once(node: Node, payment: string): Promise<boolean> {
  try {
    await node.propose(payment, { timeoutMs: PATIENCE_MS });
    return true;
  } catch (error) {
    if (error instanceof CoxswainError && error.retryable) return false;
    throw error;
  }
}

/** Everybody asks until there is an answer: what was done and not answered is done again. */
async function again(node: Node, payment: string): Promise<boolean> {
  while (!(await once(node, payment)));
  return true;
}

/** The session asks again, and its log knows what was done. */
async function exactly(session: Session<string, number>, payment: string): Promise<boolean> {
  try {
    await session.propose(payment, { timeoutMs: PATIENCE_MS });
    return true;
  } catch (error) {
    if (!(error instanceof CoxswainError)) throw error;
    if (error.outcome === 'unknown' && error.sequence !== undefined) {
      const { applied } = await session.outcome(error.sequence, { timeoutMs: UNTIL_SURE_MS });
      if (applied) return true;
    } else if (!error.retryable) {
      throw error;
    }
    // It was not applied, and never will be: now it is safe to pay anew.
    return exactly(session, payment);
  }
}

/** Cuts the leader off for a while, again and again. */
async function trouble(cluster: Cluster, isOver: () => boolean): Promise<void> {
  cluster.network.drop = 1 / LOST_ONE_IN;
  while (!isOver()) {
    await setTimeout(CUT_EVERY_MS);
    const leader = cluster.nodes.find((node) => node.status().role === 'leader');
    if (leader !== undefined) cluster.network.isolate(leader.id);
    await setTimeout(CUT_EVERY_MS / 2);
    cluster.network.heal();
  }
  cluster.network.drop = 0;
}

async function run(name: string, payer: (node: Node) => Promise<Pay>): Promise<Row> {
  await using cluster: Cluster = await createMemoryCluster({
    size: 3,
    heartbeatMs: 15,
    electionTimeoutMs: [60, 120],
    stateMachine: () => new Ledger(),
  });
  await cluster.leader();
  const payers = await Promise.all(
    Array.from({ length: CLIENTS }, (_, at) => payer(cluster.nodes[at % 3] as Node)),
  );
  let isOver = false;
  const troubled = trouble(cluster, () => isOver);
  let told = 0;
  await Promise.all(
    payers.map(async (pay, client) => {
      for (let number = 0; number < PAYMENTS; number++) {
        if (await pay(`${client}/${number}`)) told++;
      }
    }),
  );
  isOver = true;
  await troubled;
  const leader = await cluster.leader();
  const { applied, twice } = await leader.read(undefined, { timeoutMs: UNTIL_SURE_MS });
  const wanted = CLIENTS * PAYMENTS;
  return [name, `${wanted}`, `${told}`, `${wanted - applied}`, `${twice}`];
}

const out = new Output(process.stdout, wantsColour(process.stdout, process.env));
out.title(
  'Exactly once',
  `${CLIENTS} clients over a network that loses a frame in ${LOST_ONE_IN}; leaders are cut off.`,
);
const rows = [
  await run('ask once', async (node) => (payment) => once(node, payment)),
  await run('ask until answered', async (node) => (payment) => again(node, payment)),
  await run('session', async (node) => {
    const session = await node.openSession();
    return (payment) => exactly(session, payment);
  }),
];
out.section('What became of the payments');
out.table(['', 'wanted', 'told as done', 'missing', 'done twice'], rows, [1, 2, 3, 4]);
const [, wanted, told, missing, twice] = rows.at(-1) ?? [];
if (told !== wanted || missing !== '0' || twice !== '0') throw new Error('not exactly once');
out.section('Was every payment made once?');
out.proved(`with a session: ${wanted} wanted, ${told} told as done, none missing, none twice`);
