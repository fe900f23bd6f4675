// Every mutant, in the order in which they are planted.
import type { Mutant } from '../mutant.ts';
import { COMMIT } from './commit.ts';
import { DIVERGENCE } from './divergence.ts';
import { DURABILITY } from './durability.ts';
import { ELECTION } from './election.ts';
import { IDENTITY } from './identity.ts';
import { LIVENESS } from './liveness.ts';
import { LOG } from './log.ts';
import { MEMBERSHIP } from './membership.ts';
import { READS_MUTANTS } from './reads.ts';
import { REQUESTS_MUTANTS } from './requests.ts';
import { RUNTIME } from './runtime.ts';
import { SESSIONS } from './sessions.ts';
import { SNAPSHOTS } from './snapshots.ts';
import { SNAPSHOTS_CORE } from './snapshots-core.ts';
import { SNAPSHOTS_RUNTIME } from './snapshots-runtime.ts';
import { STALLS_MUTANTS } from './stalls.ts';

export const CATALOG: readonly Mutant[] = [
  ...ELECTION,
  ...LOG,
  ...COMMIT,
  ...DURABILITY,
  ...LIVENESS,
  ...MEMBERSHIP,
  ...IDENTITY,
  ...RUNTIME,
  ...READS_MUTANTS,
  ...REQUESTS_MUTANTS,
  ...SESSIONS,
  ...SNAPSHOTS_CORE,
  ...STALLS_MUTANTS,
  ...DIVERGENCE,
  ...SNAPSHOTS,
  ...SNAPSHOTS_RUNTIME,
];
