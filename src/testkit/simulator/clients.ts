// What clients did and saw. A call is what a client wants done; it makes one attempt or several,
// and each of them is an entry in at most one place of the log.
import type { Codec } from '../../contracts/index.ts';
import { assert } from '../../lib/assert.ts';
import type { Operation } from '../checkers/index.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import { SubjectError, type Workload } from './subject.ts';
import { drawWant, type Want } from './want.ts';

/** Attempts of one call: a count. */
const MAX_ATTEMPTS = 5;

export interface Call<C, R> {
  /** Client and turn: the same call has the same id in a smaller run. */
  readonly id: string;
  /** Its place among the calls that were made. */
  readonly place: number;
  readonly client: number;
  /** Decides all that concerns this call alone. */
  readonly draw: Random;
  readonly command: C;
  readonly body: Uint8Array;
  readonly callUs: number;
  returnUs: number;
  attempts: number;
  /** Attempts that a leader put into its log. */
  taken: number;
  state: 'open' | 'answered' | 'given-up';
  result: R | undefined;
  /** It changes nothing, and is asked for as a read. */
  readonly read: Want | undefined;
  /** Of such a one: what it saw is part of the history. */
  counts: boolean;
}

/** Attempts are numbered from 1: entries carry that serial. */
interface Attempt<C, R> {
  readonly call: Call<C, R>;
  readonly atUs: number;
  /** A leader put it into its log. */
  taken: boolean;
  /** Where it is in the log and since when that is known; 0 while it is not. */
  index: number;
  knownUs: number;
}

export class Clients<C, R> {
  readonly #workload: Workload<C>;
  readonly #codec: Codec<C>;
  readonly #concurrency: number;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #calls: Call<C, R>[] = [];
  readonly #attempts: Attempt<C, R>[] = [];
  readonly #open: number[] = [];
  readonly #plan: Plan;
  readonly #turns: number[] = [];
  acknowledged = 0;
  /** Answered reads. */
  reads = 0;

  constructor(
    workload: Workload<C>,
    codec: Codec<C>,
    only: readonly string[] | undefined,
    plan: Plan,
  ) {
    this.#plan = plan;
    this.#workload = workload;
    this.#codec = codec;
    this.#concurrency = workload.concurrency ?? 1;
    this.#only = only === undefined ? undefined : new Set(only);
  }

  /** Must a call be looked after when it is not answered for long? */
  get isPatient(): boolean {
    return this.#workload.retry !== true && this.#concurrency === Number.POSITIVE_INFINITY;
  }

  get calls(): readonly Call<C, R>[] {
    return this.#calls;
  }

  /** The next call of a client; undefined if it is busy, or the call is not to be. */
  next(client: number, nowUs: number): Call<C, R> | undefined {
    const turn = this.#nextTurn(client);
    const isBusy = (this.#open[client] ?? 0) >= this.#concurrency;
    if (isBusy || this.#only?.has(idOf(client, turn)) === false) return undefined;
    return this.#create(client, turn, nowUs, true);
  }

  /** A call that shows that commands commit again: the first client makes it, and waits no more. */
  last(nowUs: number): Call<C, R> {
    for (const call of this.#calls) if (call.client === 0) this.giveUp(call);
    return this.#create(0, this.#nextTurn(0), nowUs, false);
  }

  /** The serial of a new attempt. */
  attempt(call: Call<C, R>, nowUs: number): number {
    call.attempts++;
    return this.#attempts.push({ call, atUs: nowUs, taken: false, index: 0, knownUs: 0 });
  }

  taken(serial: number): void {
    const attempt = this.#attemptOf(serial);
    attempt.taken = true;
    attempt.call.taken++;
  }

  refused(serial: number): void {
    const attempt = this.#attemptOf(serial);
    attempt.taken = false;
    attempt.call.taken--;
  }

  bodyOf(serial: number): Uint8Array {
    return this.#attemptOf(serial).call.body;
  }

  commandOf(serial: number): C {
    return this.#attemptOf(serial).call.command;
  }

  /** Is it worth another attempt? */
  mayRetry(call: Call<C, R>): boolean {
    return this.#workload.retry === true && call.attempts < MAX_ATTEMPTS;
  }

  /** Can another attempt do no harm? */
  mayRepeat(call: Call<C, R>): boolean {
    return this.#workload.retry === true || call.taken === 0;
  }

  giveUp(call: Call<C, R>): void {
    if (call.state !== 'open') return;
    call.state = 'given-up';
    this.#close(call);
  }

  /** The leader that took it has applied it at `index`, and says so. */
  answer(serial: number, index: number, result: R, nowUs: number): void {
    const attempt = this.#attemptOf(serial);
    assert(attempt.index === 0, `attempt ${serial} is acknowledged once`);
    attempt.index = index;
    attempt.knownUs = nowUs;
    this.acknowledged++;
    const { call } = attempt;
    if (call.state !== 'open') return;
    call.state = 'answered';
    call.result = result;
    call.returnUs = nowUs;
    this.#close(call);
  }

  /** Some member says what its machine holds. Only what is linearizable `counts` in the history. */
  answerRead(call: Call<C, R>, result: R, nowUs: number, counts: boolean): void {
    call.state = 'answered';
    call.counts = counts;
    call.result = result;
    call.returnUs = nowUs;
    this.reads++;
    this.#close(call);
  }

  /** Every acknowledged attempt has one place, and the order of places respects real time. */
  check(committed: readonly { readonly serial: number }[]): void {
    const places = this.#placesOf(committed);
    const acknowledged = this.#attempts.filter(({ index }) => index > 0);
    for (const attempt of acknowledged) {
      const place = places.get(attempt);
      assert(place === attempt.index, `an acknowledged command is at ${attempt.index}`);
    }
    checkRealTime(acknowledged);
  }

  /**
   * As the checkers read it. Once a run is over, what is in nobody's log has surely not happened;
   * before that, only what no leader took.
   */
  history(committed: readonly { readonly serial: number }[], isOver: boolean): Operation<C, R>[] {
    const happened = new Set<Call<C, R>>();
    for (const { serial } of committed) {
      if (serial > 0) happened.add(this.#attemptOf(serial).call);
    }
    if (!isOver) for (const { call, taken } of this.#attempts) if (taken) happened.add(call);
    const shown = this.#calls.filter(({ counts, state }) => counts || state !== 'answered');
    return shown.map((call): Operation<C, R> => {
      const { callUs: callAt, client, command: input, result, returnUs: returnAt } = call;
      if (call.state === 'answered') {
        return { client, input, output: result, callAt, returnAt, outcome: 'ok' };
      }
      return { client, input, callAt, outcome: happened.has(call) ? 'unknown' : 'failed' };
    });
  }

  #placesOf(committed: readonly { readonly serial: number }[]): Map<Attempt<C, R>, number> {
    const places = new Map<Attempt<C, R>, number>();
    for (const [place, { serial }] of committed.entries()) {
      if (serial === 0) continue;
      const attempt = this.#attemptOf(serial);
      assert(attempt.taken, `entry ${place + 1} is nobody's invention`);
      assert(!places.has(attempt), `attempt ${serial} is in the log once`);
      places.set(attempt, place + 1);
    }
    return places;
  }

  #nextTurn(client: number): number {
    const turn = (this.#turns[client] ?? 0) + 1;
    this.#turns[client] = turn;
    return turn;
  }

  #create(client: number, turn: number, nowUs: number, mayRead: boolean): Call<C, R> {
    const id = idOf(client, turn);
    const draw = new Random(this.#plan.seed, `call ${id}`);
    const { body, command, isRead } = this.#draw(draw, client, turn);
    const read = isRead && mayRead ? drawWant(id, this.#plan) : undefined;
    const call: Call<C, R> = {
      id,
      place: this.#calls.length,
      client,
      draw,
      command,
      body,
      callUs: nowUs,
      returnUs: Number.POSITIVE_INFINITY,
      attempts: 0,
      taken: 0,
      state: 'open',
      result: undefined,
      read,
      counts: read === undefined,
    };
    this.#calls.push(call);
    this.#open[client] = (this.#open[client] ?? 0) + 1;
    return call;
  }

  #draw(
    draw: Random,
    client: number,
    turn: number,
  ): { command: C; body: Uint8Array; isRead: boolean } {
    try {
      const command = this.#workload.next(draw, client, turn);
      const body = this.#codec.encode(command);
      if (!(body instanceof Uint8Array)) throw new TypeError('the codec encodes no bytes');
      return { command, body, isRead: this.#workload.isRead?.(command) === true };
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new SubjectError(`simulate: the workload has no command: ${text}`, { cause });
    }
  }

  #close({ client }: Call<C, R>): void {
    this.#open[client] = (this.#open[client] ?? 1) - 1;
  }

  #attemptOf(serial: number): Attempt<C, R> {
    const attempt = this.#attempts[serial - 1];
    assert(attempt !== undefined, `attempt ${serial} was made`);
    return attempt;
  }
}

function idOf(client: number, turn: number): string {
  return `${client}.${turn}`;
}

/** What was known before another was asked for comes before it in the log. O(n log n). */
function checkRealTime(
  acknowledged: readonly { atUs: number; index: number; knownUs: number }[],
): void {
  const byKnown = [...acknowledged].sort((a, b) => a.knownUs - b.knownUs);
  let highest = 0;
  let next = 0;
  for (const { atUs, index } of acknowledged) {
    for (; (byKnown[next]?.knownUs ?? Number.POSITIVE_INFINITY) < atUs; next++) {
      highest = Math.max(highest, byKnown[next]?.index ?? 0);
    }
    assert(index > highest, `entry ${index} comes after all that was known before its call`);
  }
}
