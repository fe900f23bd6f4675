// What takes the commands of a memory row: a cluster, or the least that could answer.
import {
  createMemoryCluster,
  type MachineCodec,
  type MemoryCluster,
  msgpack,
  type RaftNode,
  rawCodec,
  type StateMachine,
} from 'coxswain';
import type { Codec, Target } from './row-types.ts';

/** Sends the next command; the commands were made beforehand. */
export type Propose = () => Promise<unknown>;

export interface Service {
  readonly propose: Propose;
  close(): Promise<void>;
}

interface Order {
  readonly op: 'set';
  readonly key: string;
  readonly value: string;
}

const COMMAND_BYTES = 100;
const COMMANDS = 1024;

export function openService(target: Target, codec: Codec): Promise<Service> {
  if (target === 'naive') return Promise.resolve(naiveService());
  if (codec === 'raw') {
    const ok = new Uint8Array(8);
    return clusterService(
      target,
      makeCommands(rawCommand),
      machineOf(() => ok),
      rawCodec,
    );
  }
  const machine = machineOf(({ key }: Order) => key.length);
  return clusterService(target, makeCommands(order), machine, undefined);
}

async function clusterService<C, R>(
  target: 'leader' | 'follower',
  commands: readonly C[],
  stateMachine: () => StateMachine<C, R>,
  codec: MachineCodec<C, R> | undefined,
): Promise<Service> {
  const cluster: MemoryCluster<C, R> = await createMemoryCluster<C, R>({
    size: 3,
    stateMachine,
    ...(codec === undefined ? {} : { codec }),
    electionTimeoutMs: [1000, 2000],
    heartbeatMs: 100,
  });
  cluster.nodes[0]?.campaign();
  const leader = await cluster.leader();
  const { term } = leader.status();
  const node = target === 'leader' ? leader : cluster.nodes.find((each) => each !== leader);
  if (node === undefined) throw new Error('there is no follower');
  await node.waitFor('leader');
  return {
    propose: proposeTo(node, commands),
    close: async () => {
      const now = leader.status();
      await cluster.close();
      if (now.role !== 'leader' || now.term !== term) throw new Error('the leader has changed');
    },
  };
}

function proposeTo<C, R>(node: RaftNode<C, R>, commands: readonly C[]): Propose {
  let next = 0;
  return () => node.propose(commands[next++ % COMMANDS] as C);
}

/** A promise for each command, and all that wait settled together, soon: no machine does less. */
function naiveService(): Service {
  let waiting: ((value: object) => void)[] = [];
  let index = 0;
  const settle = () => {
    const settled = waiting;
    waiting = [];
    for (const resolve of settled) resolve({ result: undefined, index: ++index, term: 1 });
  };
  const add = (resolve: (value: object) => void) => {
    if (waiting.push(resolve) === 1) setImmediate(settle);
  };
  return { propose: () => new Promise(add), close: () => Promise.resolve() };
}

function machineOf<C, R>(apply: (command: C) => R): () => StateMachine<C, R> {
  return () => ({ apply, snapshot: () => new Uint8Array(0), restore: () => undefined });
}

function makeCommands<C>(make: (number: number) => C): readonly C[] {
  return Array.from({ length: COMMANDS }, (_, number) => make(number));
}

function rawCommand(number: number): Uint8Array {
  const bytes = new Uint8Array(COMMAND_BYTES);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** An object that takes COMMAND_BYTES once it is encoded. */
function order(number: number): Order {
  const key = `user:${String(number).padStart(8, '0')}`;
  const room = COMMAND_BYTES - msgpack<Order>().encode({ op: 'set', key, value: '' }).length - 1;
  const value = 'x'.repeat(room);
  const { length } = msgpack<Order>().encode({ op: 'set', key, value });
  if (length !== COMMAND_BYTES) throw new Error(`a command takes ${length} bytes`);
  return { op: 'set', key, value };
}
