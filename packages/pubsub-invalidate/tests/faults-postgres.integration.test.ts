import { startPostgres } from '@corral-internal/test-kit/servers';
import { replicaFaults } from './faults.contract.ts';

replicaFaults('postgres', () => startPostgres());
