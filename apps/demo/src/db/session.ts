import { Client, type QueryResult, type QueryResultRow } from 'pg';

/** One session on the server: what it begins it can commit. Opened again, at the next query, after the server was gone. */
export interface Session {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
  end(): Promise<void>;
}

/** Connects at the first query. */
export function openSession(connectionString: string, name: string): Session {
  let current: Promise<Client> | undefined;

  const connect = (): Promise<Client> => {
    const client = new Client({ connectionString, application_name: name });
    const forget = (): void => {
      if (current === connected) current = undefined;
    };
    client.on('error', forget); // the next query says it, or connects
    client.on('end', forget);
    const connected = client.connect().then(() => client);
    connected.catch(forget);
    return connected;
  };

  return {
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) => {
      const client = await (current ??= connect());
      return values.length === 0 ? client.query<Row>(text) : client.query<Row>(text, values);
    },
    end: async () => {
      const client = await current?.catch(() => undefined);
      await client?.end().catch(() => {});
    },
  };
}
