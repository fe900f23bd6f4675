// The published table: which bug was planted, who caught it, how fast, by which rule.

import { LAYERS, type Layer, layersFor, type Verdict } from './layers.ts';
import { firstHit, isCaught, type Trial } from './trial.ts';

const RULE_CHARACTERS = 100;

export function printTable(trials: readonly Trial[], budgetSeconds: number): void {
  console.log('| mutant | bug | source | caught by | effort | seconds | violated rule |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const trial of trials) {
    const { bug, name, source } = trial.mutant;
    const { effort, layer, rule, seconds } = summaryOf(trial, budgetSeconds);
    const cells = [name, bug, source, layer, effort, seconds, rule];
    console.log(`| ${cells.map(cellText).join(' | ')} |`);
  }
}

/** What each layer says of each mutant: seconds until it failed, a dash when it did not. */
export function printMatrix(trials: readonly Trial[]): void {
  console.log(`\n| mutant | ${LAYERS.join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(LAYERS.length)}`);
  for (const { mutant, verdicts } of trials) {
    const cells = LAYERS.map((layer) =>
      layersFor(mutant).includes(layer) ? resultOf(layer, verdicts) : '',
    );
    console.log(`| ${[mutant.name, ...cells].join(' | ')} |`);
  }
}

/** One line while it runs. */
export function progressLine(trial: Trial, budgetSeconds: number, at: number, of: number): string {
  const { layer, rule, seconds } = summaryOf(trial, budgetSeconds);
  return `${at}/${of} ${trial.mutant.name}: ${layer} (${seconds} s) ${rule}`.trimEnd();
}

function summaryOf(trial: Trial, budgetSeconds: number) {
  const { misfit } = trial;
  const { hit, seconds: all } = firstHit(trial);
  const seconds = all.toFixed(1);
  if (misfit !== undefined) return { layer: 'DOES NOT APPLY', effort: '', seconds, rule: misfit };
  if (hit === undefined) return { layer: 'SURVIVES', effort: '', seconds, rule: '' };
  const layer = isCaught(trial, budgetSeconds) ? hit.layer : `TOO LATE: ${hit.layer}`;
  return { layer, effort: hit.effort, seconds, rule: shortText(hit.rule) };
}

function resultOf(layer: Layer, verdicts: readonly Verdict[]): string {
  const verdict = verdicts.find((each) => each.layer === layer);
  if (verdict === undefined) return '';
  return verdict.caught ? `${verdict.seconds.toFixed(1)} s ${verdict.effort}`.trimEnd() : '–';
}

function shortText(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > RULE_CHARACTERS ? `${line.slice(0, RULE_CHARACTERS)}…` : line;
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|');
}
