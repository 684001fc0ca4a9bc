#!/usr/bin/env node
'use strict';

// CommonJS on purpose: Node starts it faster than an ES module.
const { join } = require('node:path');
const { run } = require('../dist/cli.cjs');

void run(join(__dirname, '..'));
