// A planted bug as data: what it is, where it was published, and the text it changes.

export interface Edit {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** What goes wrong, in one sentence. */
  readonly bug: string;
  /** Where such a bug was published: an issue, a report, or the rule of the paper it breaks. */
  readonly source: string;
  readonly edits: readonly Edit[];
}

/** The text with the edit made; throws when it does not apply exactly once. */
export function edited(text: string, { file, find, replace }: Edit, name: string): string {
  const first = text.indexOf(find);
  if (find === '' || first === -1) {
    throw new Error(`${name} no longer applies: ${file} does not contain ${JSON.stringify(find)}`);
  }
  if (text.includes(find, first + 1)) {
    throw new Error(`${name} no longer applies: ${file} contains ${JSON.stringify(find)} twice`);
  }
  return text.slice(0, first) + replace + text.slice(first + find.length);
}
