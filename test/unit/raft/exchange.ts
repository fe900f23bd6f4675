// Carries messages between members until none is left, with every write durable at once.
import type { EntryHead, MemberId, Message } from '../../../src/raft/index.ts';
import { termAt } from '../../../src/raft/index.ts';
import type { TestMember } from './member.ts';

export interface Letter {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly message: Message;
  readonly entries: readonly EntryHead[];
}

/** What the latest step of `member` sends, with the entries of its appends. */
export function lettersOf(member: TestMember): readonly Letter[] {
  return member.effects.flatMap((effect) => {
    if (effect.type !== 'send') return [];
    const { message, to } = effect;
    return [{ from: member.state.id, to, message, entries: entriesOf(member, message) }];
  });
}

/** Delivers what the latest step of `first` sends, and all that follows. Returns every letter. */
export function exchange(
  members: readonly TestMember[],
  first: TestMember,
  isLost: (letter: Letter) => boolean = () => false,
): readonly Letter[] {
  const delivered: Letter[] = [];
  const queue = [...lettersOf(first)];
  const write = (member: TestMember) => {
    while (member.waiting.length > 0) {
      member.writeOne();
      queue.push(...lettersOf(member));
    }
  };
  write(first);
  for (const letter of queue) {
    const member = members.find(({ state }) => state.id === letter.to);
    if (member === undefined || isLost(letter)) continue;
    delivered.push(letter);
    if (delivered.length > 10_000) throw new Error('the exchange does not end');
    member.receive(letter.from, letter.message, letter.entries);
    queue.push(...lettersOf(member));
    write(member);
  }
  return delivered;
}

function entriesOf({ configAt, state }: TestMember, message: Message): readonly EntryHead[] {
  if (message.type !== 'append') return [];
  return Array.from({ length: message.until - message.from }, (_, at) => {
    const term = termAt(state.log, message.from + at);
    if (term === undefined) throw new Error(`entry ${message.from + at} is gone`);
    return { term, timeMs: 0, size: 0, config: configAt.get(message.from + at) };
  });
}
