// tsx tools/tidy/main.ts [root]: prints each finding as `path:line: rule: message` and then what it
// looked at; exits with 1 when there is a finding.
import { fileURLToPath } from 'node:url';
import { describeCounts } from './counts.ts';
import { formatFinding } from './finding.ts';
import { checkTree } from './tidy.ts';
import { readTree } from './tree.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));
const tree = readTree(root);
const findings = checkTree(tree);
for (const finding of findings) console.log(formatFinding(finding));
console.log(`tidy: ${findings.length} findings; ${describeCounts(tree)}`);
process.exitCode = findings.length === 0 ? 0 : 1;
