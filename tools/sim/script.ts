// A run as a script of test/scenarios: every step of every member, with the time of its own clock
// and the seed of its own chance, so that the script runner does exactly the same.
import { NO_SNAPSHOTS } from '../../src/raft/index.ts';
import {
  type SimulateOptions,
  simulateWith,
  type Witness,
} from '../../src/testkit/simulator/index.ts';

type Step = Parameters<NonNullable<Witness['stepped']>>[0];
type Envelope = Parameters<NonNullable<Witness['sent']>>[0];
type Member = Step['member'];

/** Scripts have the members that they begin with, from beginning to end. */
export class NoScriptError extends Error {}

/**
 * Commands without traces: the script runner adds those. Throws NoScriptError for a run with spare
 * members, greetings, changes, emptied stores or times of their own, which scripts cannot say.
 */
export function scriptOf<C, R, M>(options: SimulateOptions<C, R, M>): string {
  const script = new Script();
  const { faults, plan } = simulateWith(options, script);
  const { spares, unformed } = plan.changes;
  const unsaid = ['change', 'transfer', 'tune', 'wipe'];
  const isFixed = faults.every(({ fault }) => !unsaid.includes(fault.type));
  if (!isFixed || spares + unformed > 0) {
    throw new NoScriptError(`seed ${plan.seed} changes its members: no script can say that`);
  }
  if (plan.clock.optionSpread > 0) {
    throw new NoScriptError(`members of seed ${plan.seed} differ in their times: no script does`);
  }
  if (plan.stalls.bound > 0) {
    throw new NoScriptError(`members of seed ${plan.seed} are told of stalls: no script says that`);
  }
  const { snapshot, ...times } = plan.options;
  if (snapshot.everyEntries !== NO_SNAPSHOTS.everyEntries) {
    throw new NoScriptError(`members of seed ${plan.seed} take snapshots: no script can say that`);
  }
  const limits = Object.entries(times).map(([name, value]) => `${name}=${value}`);
  const members = script.seeds.map(([id, seed]) => `member ${id} commit=1 seed=${seed}`);
  const head = [`limits ${limits.join(' ')}`, ...members];
  return `${[...head, ...script.lines, 'state'].join('\n\n')}\n`;
}

class Script implements Witness {
  readonly seeds: [id: string, seed: number][] = [];
  readonly lines: string[] = [];
  /** Messages that left, by sender, receiver and type, in their order. */
  readonly #sent = new Map<string, Envelope[]>();
  /** Writes that became durable as one, of which the next step tells. */
  #merged = 0;

  stepped(step: Step): void {
    const line = this.#lineOf(step);
    // The time that counted, should the clock have gone back.
    if (line !== undefined) this.lines.push(`${line} at=${step.member.state.now}`);
  }

  sent(envelope: Envelope): void {
    const known = this.#sent.get(keyOf(envelope));
    if (known === undefined) this.#sent.set(keyOf(envelope), [envelope]);
    else known.push(envelope);
  }

  written(_member: Member, merged: number): void {
    this.#merged = merged;
  }

  crashed({ id }: Member, kept: number, forgot: boolean): void {
    this.lines.push(`crash ${id} kept=${kept}${forgot ? ' forget=1' : ''}`);
  }

  restarted({ id, seed, state }: Member): void {
    this.lines.push(`load ${id} seed=${seed} at=${state.now}`);
  }

  #lineOf({ effects, envelope, event, member, ops }: Step): string | undefined {
    const { id, seed } = member;
    switch (event.type) {
      case 'start':
        if (this.seeds.every(([known]) => known !== id)) this.seeds.push([id, seed]);
        return `start ${id}`;
      case 'receive':
        return envelope === undefined ? undefined : this.#delivery(envelope);
      case 'propose': {
        const wall = `wall=${event.wallMs}`;
        // Of one that is not taken only the time of day is read.
        if (effects.every(({ type }) => type !== 'append')) return `clocks ${id} ${wall}`;
        return `propose ${id} commands=c${ops[0]?.serial} size=${ops[0]?.size} ${wall}`;
      }
      case 'clocks':
        return `clocks ${id} wall=${event.wallMs}`;
      case 'read':
        return `read ${id} upTo=${event.upTo}`;
      case 'written':
        return `disk ${id} count=${this.#merged}`;
      case 'applied':
        return `applied ${id} upTo=${event.index}`;
      default:
        return `${event.type} ${id}`;
    }
  }

  /** Names a message as the how manieth of its kind on its way, from 1. */
  #delivery(envelope: Envelope): string {
    const { from, message, to } = envelope;
    const nth = (this.#sent.get(keyOf(envelope)) ?? []).indexOf(envelope) + 1;
    return `deliver ${idOf(to)} from=${idOf(from)} type=${message.type} nth=${nth}`;
  }
}

function keyOf({ from, message, to }: Envelope): string {
  return `${from} ${to} ${message.type}`;
}

function idOf(at: number): string {
  return String.fromCharCode(97 + at);
}
