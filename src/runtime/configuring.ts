// Which options may change while a node runs, and how. They live in the one object that `open` made
// of the host's: it is changed in place, and every part reads it at the moment of use.
import { checkKnown, checkObject, invalidOption } from './option-checks.ts';
import {
  type CheckedOptions,
  checkHeartbeat,
  checkLease,
  checkLimits,
  checkMaxClockOffset,
  checkRequestTimeout,
  checkSessions,
  checkStall,
  checkVerifyEvery,
  knownOptions,
  type Limits,
  type RaftNodeOptions,
} from './options.ts';
import { checkSnapshotSettings } from './snapshot-settings.ts';

/** What `configure` takes: each means the same as for `open`; what is left out stays as it is. */
export interface OptionChanges
  extends Pick<
    RaftNodeOptions<never, never>,
    | 'heartbeatMs'
    | 'requestTimeoutMs'
    | 'sessions'
    | 'snapshot'
    | 'stall'
    | 'lease'
    | 'maxClockOffsetMs'
    | 'verifyEveryEntries'
  > {
  /** All but `maxCommandBytes`, which is the same on every member. */
  readonly limits?: Partial<Omit<Limits, 'maxCommandBytes'>>;
}

type Checked = CheckedOptions<never, never, never, never>;
type Tunable = Pick<Checked, keyof OptionChanges>;
type Current = Tunable & Pick<Checked, 'electionMinMs'> & TransportBound;

interface TransportBound {
  readonly transport: Pick<Checked['transport'], 'supports'>;
}

type Given = { readonly [Name in keyof OptionChanges]-?: NonNullable<OptionChanges[Name]> };

type Checks = {
  readonly [Name in keyof Given]: (given: Given[Name], current: Current) => Tunable[Name];
};

/** One line for each option: what it comes to, given what holds now. Throws ERR_INVALID_OPTION. */
const checks: Checks = {
  heartbeatMs: (given, { electionMinMs }) => checkHeartbeat(given, electionMinMs),
  requestTimeoutMs: checkRequestTimeout,
  limits: (given, { limits, transport }) => {
    checkObject('limits', given);
    const known = Object.keys(limits).filter((name) => name !== 'maxCommandBytes');
    checkKnown('limits.', given, known);
    return checkLimits({ ...limits, ...defined(given) }, transport.supports.maxFrameBytes);
  },
  sessions: (given, { sessions }) => {
    checkObject('sessions', given);
    return checkSessions({ ...sessions, ...defined(given) });
  },
  snapshot: (given, { snapshot, transport }) => {
    checkObject('snapshot', given);
    const { maxFrameBytes } = transport.supports;
    // Without a limit is what it is at first, and can be again.
    const unlimited = 'maxBytesPerSec' in given ? { maxBytesPerSec: given.maxBytesPerSec } : {};
    const wanted = { ...snapshot, ...defined(given), ...unlimited };
    return checkSnapshotSettings(wanted, maxFrameBytes);
  },
  stall: (given, { electionMinMs, stall }) => {
    checkObject('stall', given);
    return checkStall({ ...stall, ...defined(given) }, electionMinMs);
  },
  lease: (given, { lease }) => {
    checkObject('lease', given);
    return checkLease({ ...lease, ...defined(given) });
  },
  maxClockOffsetMs: checkMaxClockOffset,
  verifyEveryEntries: checkVerifyEvery,
};

/** Changes all of it, or throws ERR_INVALID_OPTION and changes nothing. */
export function changeOptions(current: Current, changes: OptionChanges): void {
  checkObject('configure', changes);
  const names = Object.keys(checks) as (keyof OptionChanges)[];
  for (const name of Object.keys(changes)) {
    if (!knownOptions.includes(name) || names.some((each) => each === name)) continue;
    const accepted = 'what the node was opened with: close it and open it anew to change that';
    throw invalidOption(name, Reflect.get(changes, name), accepted);
  }
  checkKnown('', changes, names);
  const checked = names.map((name) => checkOne(name, current, changes));
  for (const change of checked) change?.();
}

/** Checks one option; what is returned makes the change. */
function checkOne<Name extends keyof Given>(
  name: Name,
  current: Current,
  changes: OptionChanges,
): (() => void) | undefined {
  const given = changes[name] as Given[Name] | undefined;
  if (given === undefined) return undefined;
  const value = checks[name](given, current);
  const held = current[name];
  if (typeof held === 'object') return () => void Object.assign(held, value);
  return () => void Object.assign(current, { [name]: value });
}

/** Without what is there and undefined. */
function defined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
