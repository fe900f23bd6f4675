// A configuration in a few words: the name of its entry, too.
import type { Configuration } from '../../../src/raft/index.ts';

/** `a b` vote, `(a b)` voted in the other half of a joint configuration, `+ c` learns. */
export function nameOf({ joining, learners, outgoing, voters }: Configuration): string {
  const halves = outgoing.length === 0 ? '' : ` (${outgoing.join(' ')})`;
  const rest = learners.length === 0 ? '' : ` + ${learners.join(' ')}`;
  const coming = joining.map(({ id, replaces }) => (replaces ? `${id} for ${replaces}` : id));
  const next = coming.length === 0 ? '' : `, joining ${coming.join(' ')}`;
  return `${voters.join(' ') || 'nobody'}${halves}${rest}${next}`;
}
