import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkStructure } from '../../../scripts/structure/check-structure.js';
import { readImportGraph } from '../../../scripts/structure/source-imports.js';
import { structure } from '../../../scripts/structure/structure-table.js';
import { root } from '../../helpers/source-files.js';

describe('the folders of src', () => {
  it('the folders of src import each other downwards only, without cycles, and through their declared files', () => {
    const { files, imports, folders, problems } = checkStructure(
      readImportGraph(join(root, 'src')),
      structure,
    );
    console.log(`structure: ${imports} imports between ${files} files in ${folders} folders`);
    expect(problems).toEqual([]);
    expect(files).toBeGreaterThan(450);
    expect(imports).toBeGreaterThan(2000);
  });
});
