// Plants one mutant after another and runs the layers on each until one of them fails.
import { Copy } from './copy.ts';
import { LAYERS, layersFor } from './layers.ts';
import type { Mutant } from './mutant.ts';
import type { Wanted } from './options.ts';
import { printMatrix, printTable, progressLine } from './table.ts';
import { checkBaseline, isCaught, type Trial, tryMutant } from './trial.ts';

/** The exit code: 0 when every one was caught. */
export async function hunt(wanted: Wanted): Promise<number> {
  const { budgetSeconds, everyLayer, layers } = wanted;
  const fits = (mutant: Mutant) => layersFor(mutant).filter((layer) => layers.includes(layer));
  const mutants = wanted.mutants.filter((mutant) => fits(mutant).length > 0);
  if (mutants.length === 0) {
    console.error('none of these mutants is for these layers');
    return 2;
  }
  const copy = new Copy();
  const remove = () => copy.remove();
  process.once('exit', remove);
  const needed = new Set(mutants.flatMap(fits));
  await checkBaseline(
    copy,
    LAYERS.filter((layer) => needed.has(layer)),
    wanted.huntSeconds,
  );
  const trials: Trial[] = [];
  for (const mutant of mutants) {
    const trial = await tryMutant(copy, mutant, wanted);
    trials.push(trial);
    console.error(progressLine(trial, budgetSeconds, trials.length, mutants.length));
  }
  printTable(trials, budgetSeconds);
  if (everyLayer) printMatrix(trials);
  const caught = trials.filter((trial) => isCaught(trial, budgetSeconds)).length;
  console.log(`\n${caught} of ${trials.length} planted bugs caught`);
  process.removeListener('exit', remove);
  remove();
  return caught === trials.length ? 0 : 1;
}
