import { MemoryStorage } from '../../../../../src/lib/kontrol/storage/memory/memory-storage.js';
import { storageConformance } from '../../../../helpers/storage/storage-conformance.js';

storageConformance('memory', () => new MemoryStorage(), false);
