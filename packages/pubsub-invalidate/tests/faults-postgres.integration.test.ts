import { startPostgres } from '@corral-internal/test-kit/servers';
import { Client } from 'pg';
import { replicaFaults } from './faults.ts';

async function killPostgresListeners(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'corral-listen'`);
  await client.end();
}

replicaFaults('postgres', () => startPostgres(), killPostgresListeners);
