// An action as a line of a counterexample.
import { unreachable } from '../../lib/assert.ts';
import type { MembersChange, Message } from '../../raft/index.ts';
import type { SimEntry } from '../simulator/sim-entry.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import type { Batch } from './local.ts';
import { placeOf } from './scope.ts';
import type { Action } from './successors.ts';

type Naming = (place: number) => string;

/** `names`: what the member at each place is called in this telling. */
export function describeAction(action: Action, names: readonly string[]): string {
  const { at, before, isRepeated, lost, what } = action;
  const nameOf = (place: number) => names[place] ?? '';
  const describeEnvelope = (envelope: Envelope) => envelopeText(envelope, nameOf);
  const describeWrites = (from: number, until: number) =>
    writesText(before.pending.slice(from, until), nameOf);
  const name = nameOf(at);
  const again = isRepeated ? ', which stays under way' : '';
  const without = lost.length === 0 ? '' : `; lost: ${lost.map(describeEnvelope).join(', ')}`;
  switch (what.type) {
    case 'timeout': {
      const isLeader = before.state.role === 'leader';
      return `${name} ${isLeader ? 'tells of commits, or that it lives' : 'times out'}${without}`;
    }
    case 'lonely':
      return `${name} hears from nobody and steps down${without}`;
    case 'propose':
      return `${name} takes proposal ${what.serial}${without}`;
    case 'change':
      return `${name} is asked to ${changeText(what.change)}${without}`;
    case 'transfer':
      return `${name} is asked to hand over to ${nameOf(what.to)}${without}`;
    case 'give-up':
      return `${name} hands over no longer${without}`;
    case 'read':
      return `${name} is asked to read when ${what.committed} entries are committed${without}`;
    case 'written':
      return `${name} has written ${describeWrites(0, what.count)}${without}`;
    case 'crash': {
      const kept = describeWrites(0, what.kept);
      const gone = describeWrites(what.kept, before.pending.length);
      return `${name} crashes and restarts, keeps ${kept}, loses ${gone}${without}`;
    }
    case 'receive': {
      const late = what.late ? ' after a long silence' : '';
      return `${name} receives ${describeEnvelope(what.envelope)}${late}${again}${without}`;
    }
    default:
      return unreachable(what);
  }
}

function changeText({ replace = [], ...lists }: MembersChange): string {
  const parts = Object.entries(lists).map(([what, ids]) => `${what} ${ids.join(', ')}`);
  return [...parts, ...replace.map(({ by, id }) => `replace ${id} by ${by}`)].join(', ');
}

function envelopeText({ entries, from, message, to }: Envelope, nameOf: Naming): string {
  const terms = entries.map((entry, place) => {
    return `${message.type === 'append' ? message.from + place : place}@${describeEntry(entry)}`;
  });
  const cargo = terms.length === 0 ? '' : ` with ${terms.join(' ')}`;
  return `${message.type} ${nameOf(from)}→${nameOf(to)} (${describeFields(message)})${cargo}`;
}

/** The term, and of whom a configuration is a majority. */
function describeEntry({ config, term }: SimEntry): string {
  if (config === undefined) return String(term);
  const { learners, outgoing, voters } = config;
  const joint = outgoing.length === 0 ? '' : ` and ${outgoing.join('')}`;
  const others = learners.length === 0 ? '' : `, learners ${learners.join('')}`;
  return `${term} [${voters.join('')}${joint}${others}]`;
}

function describeFields(message: Message): string {
  return Object.entries(message)
    .filter(([name]) => name !== 'type')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function writesText(pending: readonly Batch[], nameOf: Naming): string {
  const writes = pending.map(({ entries, write }) => {
    const { term, votedFor } = write.hardState;
    const vote = votedFor === undefined ? 'none' : nameOf(placeOf(votedFor));
    const cut = write.truncateFrom > 0 ? `, cut from ${write.truncateFrom}` : '';
    const places = entries.map((entry, place) => `, ${write.from + place}@${describeEntry(entry)}`);
    const added = places.join('');
    return `[term ${term}, vote ${vote}${cut}${added}]`;
  });
  return writes.length === 0 ? 'nothing' : writes.join(' ');
}
