// The program without its fast path, for the test that compares both: oclif runs every command line.
'use strict';

const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const { load } = require(path.join(root, 'bin', 'load.js'));

void load(path.join(root, 'dist', 'cli.cjs')).runThroughOclif(root);
