// Records how often the rewrites of oclif match: npm run oclif-counts. For after an update of @oclif/core, once somebody has
// looked at what changed there. The build fails while the record and oclif disagree.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { bundleProgram } from './build/bundle-program.js';
import { root } from './build/paths.js';

// Nothing is written to the folder: only the counts are of interest.
const { oclif } = await bundleProgram(root, tmpdir());
const sorted = [...oclif].toSorted(([one], [other]) => (one < other ? -1 : 1));
await writeFile(
  new URL('build/oclif-rewrites.json', import.meta.url),
  `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`,
);
