import { MemoryStorage } from '../../../../src/lib/kontrol/storage/memory.js';
import { storageConformance } from '../../../helpers/storage-conformance.js';

storageConformance('memory', () => new MemoryStorage(), false);
