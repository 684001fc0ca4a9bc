// Records how often the rewrites of oclif match: npm run oclif-counts. Run it after an update of @oclif/core, once its changes
// have been reviewed. The build fails if the recorded counts differ.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { bundleProgram } from './build/bundle-program.js';
import { root } from './build/paths.js';

// bundleProgram does not write to the folder.
const { oclif } = await bundleProgram(root, tmpdir());
const sorted = [...oclif].toSorted(([one], [other]) => (one < other ? -1 : 1));
await writeFile(
  new URL('build/oclif-rewrites.json', import.meta.url),
  `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`,
);
