// The shape of a change of members, as a host passes it. What it would do is judged by the core.
import type { Member, MembershipChange } from '../contracts/index.ts';
import { checkKnown, checkObject, checkText, invalidOption } from './option-checks.ts';
import { checkMember } from './options.ts';

const lists = ['add', 'learners', 'promote', 'demote', 'remove', 'replace'] as const;

/** Throws ERR_INVALID_OPTION. */
export function checkChange(change: MembershipChange): void {
  checkObject('changeMembers: change', change);
  checkKnown('changeMembers: ', change, lists);
  let named = 0;
  for (const list of lists) {
    const value: unknown = change[list];
    if (value === undefined) continue;
    const name = `changeMembers: ${list}`;
    if (!Array.isArray(value)) throw invalidOption(name, value, 'a list');
    for (const [at, item] of value.entries()) checkItem(list, `${name}[${at}]`, item);
    named += value.length;
  }
  if (named > 0) return;
  throw invalidOption('changeMembers: change', change, `one with a member in ${lists.join(', ')}`);
}

function checkItem(list: (typeof lists)[number], name: string, item: unknown): void {
  switch (list) {
    case 'add':
    case 'learners':
      return checkMember(name, item as Member);
    case 'replace': {
      checkObject(name, item);
      const { by, id } = item as { by: Member; id: unknown };
      checkText(`${name}.id`, id, 255);
      return checkMember(`${name}.by`, by);
    }
    default:
      return checkText(name, item, 255);
  }
}
