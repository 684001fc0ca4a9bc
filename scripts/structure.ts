// Checks the imports between the files of src against scripts/structure/structure-table.ts: npm run structure
import { join } from 'node:path';
import { root } from './build/paths.js';
import { checkStructure } from './structure/check-structure.js';
import { readImportGraph } from './structure/source-imports.js';
import { structure } from './structure/structure-table.js';

const { files, imports, folders, problems } = checkStructure(readImportGraph(join(root, 'src')), structure);
console.log(`${imports} imports between ${files} files in ${folders} folders of src`);
if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  console.error('The structure is declared in scripts/structure/structure-table.ts.');
  process.exitCode = 1;
}
