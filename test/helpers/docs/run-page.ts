// A program: runs a page of documentation and prints the report as JSON. Where it can, its caller gives it a network of its
// own, so that the ports that pages name are free.
import { readFileSync } from 'node:fs';
import { parsePage } from './markdown.js';
import { PageRun } from './page-run.js';
import type { Preparation } from './preparations.js';

const [path = '', file = '', ...preparations] = process.argv.slice(2);
const page = parsePage(path, readFileSync(file, 'utf8'));
const report = await PageRun.run(page, preparations as Preparation[]);
process.stdout.write(JSON.stringify(report));
