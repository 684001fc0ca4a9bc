import { describe } from 'vitest';
import { FileStorage } from '../../src/lib/kontrol/storage/file.js';
import { MemoryStorage } from '../../src/lib/kontrol/storage/memory.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { tenDayRenewal } from '../helpers/ten-days.js';

describe('tokens that last two days', () => {
  tenDayRenewal('memory', () => new MemoryStorage());
  tenDayRenewal('file', () => new FileStorage(temporaryFolder()));
});
