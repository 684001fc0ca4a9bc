#!/usr/bin/env node
'use strict';

// CommonJS on purpose: Node starts it faster than an ES module.
const path = require('node:path');

void require('../dist/cli.cjs').runKontrol(path.join(__dirname, '..'));
