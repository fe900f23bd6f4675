// `npm run scenario -- NAME`: runs a script and prints its trace; `--write` keeps it as the golden
// one. Only keep a change that you can explain.
import { readFileSync, writeFileSync } from 'node:fs';
import { runScript } from './runner/script.ts';

const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const write = process.argv.includes('--write');
if (names.length === 0) {
  console.error('npm run scenario -- NAME [--write]; the names are test/scenarios/NAME.txt');
  process.exitCode = 2;
}
for (const name of names) {
  const file = new URL(`${name}.txt`, import.meta.url);
  const trace = runScript(readFileSync(file, 'utf8'));
  if (write) writeFileSync(file, trace);
  else process.stdout.write(trace);
}
