// One run from beginning to end: a time of faults, then calm, in which the cluster must recover,
// and at last what clients saw.
import { assert } from '../../lib/assert.ts';
import { checkLinearizable, type History, type LinearizableReport } from '../checkers/index.ts';
import type { Struck } from './injector.ts';
import type { Mark } from './mark-labels.ts';
import type { Only } from './options.ts';
import type { Plan } from './plan.ts';
import { checkRecovery } from './recovery.ts';
import { show } from './show.ts';
import { Simulation } from './simulation.ts';
import { type Subject, SubjectError } from './subject.ts';
import type { Witness } from './witness.ts';

export interface RunReport<C = unknown, R = unknown> {
  readonly plan: Plan;
  readonly events: number;
  readonly simulatedMs: number;
  /** Of everything that happened: equal for equal runs. */
  readonly hash: number;
  /** Commands of which a client was told that they are committed. */
  readonly acknowledged: number;
  readonly faults: readonly Struck[];
  /** Situations that came up, and how often. */
  readonly marks: ReadonlyMap<Mark, number>;
  /** What clients did and saw, by the order of their calls. */
  readonly history: History<C, R>;
  /** The ids of the calls in `history`. */
  readonly calls: readonly string[];
  /** What the model says of it: undefined without a model, or when something else was violated. */
  readonly verdict: LinearizableReport<C, R>['verdict'] | undefined;
  /** The committed commands, in the order of the log. */
  readonly committed: readonly C[];
  /** Undefined when everything held. */
  readonly violation: Violation | undefined;
}

export interface Violation {
  /** `faults`: while they struck. `calm`: after them. `clients`: in what clients saw. */
  readonly phase: 'faults' | 'calm' | 'clients';
  readonly message: string;
  readonly atMs: number;
  readonly error: unknown;
}

/** Questions to the model for one key; a history that takes more is left undecided. */
const MAX_MODEL_STEPS = 200_000;

/** Throws SubjectError when the subject cannot be simulated. */
export function run<C, R, M>(
  plan: Plan,
  subject: Subject<C, R, M>,
  only: Only,
  witness?: Witness,
): RunReport<C, R> {
  const simulation = new Simulation(plan, subject, only, witness);
  const { clients, referee } = simulation;
  let phase: Violation['phase'] = 'faults';
  let history: History<C, R> | undefined;
  let verdict: RunReport['verdict'];
  let violation: Violation | undefined;
  try {
    simulation.runUntil(plan.durationMs * 1000);
    referee.checkLogs();
    phase = 'calm';
    checkRecovery(simulation);
    phase = 'clients';
    clients.check(referee.committed);
    history = clients.history(referee.committed, true);
    verdict = judge(history, subject);
  } catch (error) {
    if (error instanceof SubjectError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    violation = { phase, message, atMs: simulation.nowUs / 1000, error };
  }
  const commands = referee.committed.filter(({ serial }) => serial > 0);
  return {
    plan,
    events: simulation.events,
    simulatedMs: simulation.nowUs / 1000,
    hash: simulation.hash,
    acknowledged: clients.acknowledged,
    faults: simulation.injector.struck,
    marks: simulation.marks,
    history: history ?? clients.history(referee.committed, false),
    verdict,
    calls: clients.calls.map(({ id }) => id),
    committed: commands.map(({ serial }) => clients.commandOf(serial)),
    violation,
  };
}

function judge<C, R, M>(history: History<C, R>, { model }: Subject<C, R, M>): RunReport['verdict'] {
  if (model === undefined) return undefined;
  const report = askModel(() => checkLinearizable(history, model, { maxSteps: MAX_MODEL_STEPS }));
  if (report.verdict !== 'not-linearizable') return report.verdict;
  const { input, output } = report.unexplained;
  assert(false, `Linearizability: nothing explains the answer ${show(output)} to ${show(input)}`);
}

function askModel<T>(ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SubjectError(`simulate: the model throws: ${text}`, { cause });
  }
}
