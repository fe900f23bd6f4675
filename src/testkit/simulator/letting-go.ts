// What members that stall must keep to, so that a cluster in which everyone is slow is led (RA4):
// they lead until somebody else does, let go rarely, and leave it to others for a while only.
import { assert } from '../../lib/assert.ts';
import type { MemberId, RaftEvent, RaftState, Role } from '../../raft/index.ts';
import { isQuorum } from './quorums.ts';
import type { SimMember } from './sim-member.ts';

/** Longest election timeouts from one time that a member lets go to the next, at the least. */
const KEEP_TIMEOUTS = 9;
/** For so many it may hold back, at the most. */
const PATIENCE_TIMEOUTS = 7;
/** For so many after a stall it takes nothing over. */
const REST_TIMEOUTS = 1.9;

/** Of one member in one life. Times by its own clock. */
interface Memory {
  readonly life: number;
  /** After the last step. */
  role: Role;
  asked: readonly MemberId[] | undefined;
  letGoMs: number;
  heldBackMs: number;
  dueMs: number;
  isStalled: boolean;
  stalledMs: number;
}

export class LettingGo {
  readonly #memories = new Map<SimMember, Memory>();

  check(member: SimMember, event: RaftEvent): void {
    const memory = this.#memoryOf(member);
    const { id, now, role } = member.state;
    if (event.type === 'stall') {
      const leads = memory.role !== 'leader' || role === 'leader';
      assert(leads, `Availability: ${id} leads until somebody else does, when it stalls`);
      if (memory.isStalled) memory.stalledMs = now;
      memory.isStalled = event.stalled;
    }
    checkAsked(member.state, memory);
    checkHoldingBack(member.state, event, memory);
    const isAsked = event.type === 'receive' && event.message.type === 'timeout-now';
    if (isAsked && role === 'candidate' && memory.role === 'follower') {
      const restMs = REST_TIMEOUTS * member.state.options.electionMaxMs;
      const isFit = !memory.isStalled && now >= memory.stalledMs + restMs;
      assert(isFit, `Availability: ${id}, which stalled, takes nothing over`);
    }
    memory.role = role;
  }

  #memoryOf(member: SimMember): Memory {
    const known = this.#memories.get(member);
    if (known?.life === member.life) return known;
    const never = Number.NEGATIVE_INFINITY;
    const memory: Memory = {
      ...{ life: member.life, role: 'follower', asked: undefined, isStalled: false },
      ...{ letGoMs: never, heldBackMs: Number.POSITIVE_INFINITY, dueMs: never, stalledMs: never },
    };
    this.#memories.set(member, memory);
    return memory;
  }
}

/** Somebody was asked to take over from a leader that stalls. */
function checkAsked({ config, id: self, leading, now, options }: RaftState, memory: Memory): void {
  const before = memory.asked;
  const asked = leading?.asked;
  memory.asked = asked;
  if (leading === undefined || asked === undefined || asked === before) return;
  if (asked.length === 0) return;
  const isHeard = (id: MemberId) => {
    const { contactMs = Number.NEGATIVE_INFINITY } = leading.progress.get(id) ?? {};
    return id !== self && now - contactMs < options.electionMinMs;
  };
  assert(isQuorum(config, isHeard), `Availability: ${self} lets go only where others could lead`);
  const last = asked.at(-1) ?? '';
  assert(isHeard(last), `Availability: ${last}, who is asked to take over from ${self}, is there`);
  if (asked.length > 1) return;
  const isRare = now - memory.letGoMs >= KEEP_TIMEOUTS * options.electionMaxMs;
  assert(isRare, `Availability: ${self} does not let go again and again`);
  memory.letGoMs = now;
}

/** Its time to stand has come, and it did not. */
function checkHoldingBack(state: RaftState, event: RaftEvent, memory: Memory): void {
  const { electionDueMs, id, leader, now, options, recognition, role } = state;
  const isPutOff = electionDueMs !== memory.dueMs && now >= memory.dueMs;
  memory.dueMs = electionDueMs;
  if (leader !== undefined) memory.heldBackMs = Number.POSITIVE_INFINITY;
  if (event.type !== 'timeout' || role !== 'follower' || !recognition.admitted) return;
  if (!isPutOff || leader !== undefined || memory.role === 'leader') return;
  memory.heldBackMs = Math.min(memory.heldBackMs, now);
  const isPatient = now - memory.heldBackMs < PATIENCE_TIMEOUTS * options.electionMaxMs;
  assert(isPatient, `Availability: ${id} stands when nobody else does for long`);
}
