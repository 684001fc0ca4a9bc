// A program that runs one document and prints the report as JSON. `runDocument` starts it in a network namespace if the system
// allows that, so the ports that documents use are free.
import { readFileSync } from 'node:fs';
import { parseDocument } from './markdown.js';
import { DocumentRun } from './document-run.js';
import type { Preparation } from './preparations.js';

const [path = '', file = '', ...preparations] = process.argv.slice(2);
const document = parseDocument(path, readFileSync(file, 'utf8'));
// The test that started this program holds its input open. If the test ends early, the programs of the document end as well.
const abandoned = new AbortController();
process.stdin.resume().once('end', () => abandoned.abort());
const report = await DocumentRun.run(document, preparations as Preparation[], abandoned.signal);
process.stdin.destroy();
process.stdout.write(JSON.stringify(report));
