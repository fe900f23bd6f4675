// What the types promise to those who import the package.
import {
  type CoxswainError,
  createMemoryCluster,
  type Membership,
  type MembershipChange,
  type MemoryCluster,
  type Proposed,
  type Proposer,
  type RaftNode,
  rawCodec,
  type Session,
  type SessionOutcome,
  type StateMachine,
  type Successor,
} from 'coxswain';
import { createState, type Effect, type RaftEvent, type RaftState, step } from 'coxswain/raft';
import {
  type Case,
  logStoreSuite,
  ManualClock,
  minimize,
  simulate,
  snapshotStoreSuite,
  transportSuite,
} from 'coxswain/testkit';
import { describe, expectTypeOf, test } from 'vitest';

interface Add {
  readonly add: number;
}

declare const counter: StateMachine<Add, number, 'sum' | 'count', number>;
declare const logger: StateMachine<string, void>;
declare const cluster: MemoryCluster<Add, number, 'sum' | 'count', number>;
declare const node: RaftNode<Add, number, 'sum' | 'count', number>;

describe('a node', () => {
  test('takes its types from the machine', () => {
    expectTypeOf(createMemoryCluster({ stateMachine: () => counter })).resolves.toEqualTypeOf(
      cluster,
    );
    expectTypeOf(cluster.node('a')).toEqualTypeOf(node);
    expectTypeOf(node.propose({ add: 1 })).resolves.toEqualTypeOf<Proposed<number>>();
    expectTypeOf(node.read('sum')).resolves.toBeNumber();
  });

  test('refuses a command, a query or an option of another shape', () => {
    expectTypeOf(node.propose).parameter(0).toEqualTypeOf<Add>();
    expectTypeOf(node.read).parameter(0).toEqualTypeOf<'sum' | 'count'>();
    expectTypeOf<{ consistency: 'eventual' }>().not.toExtend<
      NonNullable<Parameters<typeof node.read>[1]>
    >();
  });

  test('of a machine without queries cannot be read', () => {
    expectTypeOf(createMemoryCluster({ stateMachine: () => logger })).resolves.toHaveProperty(
      'nodes',
    );
    expectTypeOf<RaftNode<string, void>['read']>().parameter(0).toBeNever();
  });

  test('changes members, hands over, and works while it leads', () => {
    expectTypeOf(node.changeMembers({ remove: ['a'] })).resolves.toEqualTypeOf<Membership>();
    expectTypeOf(node.changeMembers).parameter(0).toEqualTypeOf<MembershipChange>();
    expectTypeOf(node.transferLeadership('b')).resolves.toEqualTypeOf<Successor>();
    expectTypeOf(node.whileLeader(() => 'done')).resolves.toBeString();
    expectTypeOf(node.whileLeader(async ({ fencingToken }) => fencingToken)).resolves.toBeNumber();
  });

  test('opens sessions of its own types', () => {
    expectTypeOf(node.openSession()).resolves.toEqualTypeOf<Session<Add, number>>();
    expectTypeOf<Session<Add, number>['outcome']>().returns.resolves.toEqualTypeOf<
      SessionOutcome<number>
    >();
  });

  test('is a Proposer and disposable', () => {
    expectTypeOf(node).toExtend<Proposer<Add, number, 'sum' | 'count', number>>();
    expectTypeOf(node).toExtend<AsyncDisposable>();
    expectTypeOf<typeof RaftNode.open>().returns.toExtend<Promise<unknown>>();
  });

  test('has typed events', () => {
    node.on('leader', (event) => expectTypeOf(event.leader).toEqualTypeOf<string | undefined>());
    node.on('fault', (error) => expectTypeOf(error).toEqualTypeOf<CoxswainError>());
  });
});

describe('the other entries', () => {
  test('coxswain/raft is the step', () => {
    expectTypeOf(step).toEqualTypeOf<
      (state: RaftState, event: RaftEvent, now: number) => readonly Effect[]
    >();
    expectTypeOf(createState).returns.toEqualTypeOf<RaftState>();
  });

  test('coxswain/testkit gives plain cases', () => {
    expectTypeOf(logStoreSuite).returns.toEqualTypeOf<readonly Case[]>();
    expectTypeOf(snapshotStoreSuite).returns.toEqualTypeOf<readonly Case[]>();
    expectTypeOf(transportSuite).returns.toEqualTypeOf<readonly Case[]>();
    expectTypeOf(new ManualClock().advance(1)).resolves.toBeVoid();
  });

  test('rawCodec is for bytes', () => {
    expectTypeOf(rawCodec.command.encode).parameter(0).toEqualTypeOf<Uint8Array>();
  });
});

describe('simulate', () => {
  class Sum {
    total = 0;
    apply({ add }: { add: number }): string {
      this.total += add;
      return String(this.total);
    }
  }
  const workload = { next: () => ({ add: 1 }) };

  test('takes command, result and machine from what it is given', () => {
    const options = { machine: () => new Sum(), workload, seed: 1 };
    const { committed, history } = simulate({
      ...options,
      invariant: (machine) => expectTypeOf(machine).toEqualTypeOf<Sum>(),
    });
    expectTypeOf(committed).toEqualTypeOf<readonly { add: number }[]>();
    expectTypeOf(history[0]?.output).toEqualTypeOf<string | undefined>();
    expectTypeOf(minimize<{ add: number }, string, Sum>).returns.toExtend<{ trials: number }>();
  });

  test('refuses clients that ask for what the machine does not know', () => {
    // @ts-expect-error: the machine takes { add }
    simulate({ machine: () => new Sum(), workload: { next: () => ({ take: 1 }) }, seed: 1 });
    // @ts-expect-error: there is no such family
    simulate({ machine: () => new Sum(), workload, seed: 1, faults: ['gremlins'] });
  });
});
