#!/usr/bin/env node
'use strict';

// First, because an older Node cannot read the other files.
require('./check-node.js').checkNode();

// CommonJS on purpose: Node starts it faster than an ES module.
const path = require('node:path');
const { load } = require('./load.js');

void load(path.join(__dirname, '..', 'dist', 'cli.cjs')).run(path.join(__dirname, '..'));
