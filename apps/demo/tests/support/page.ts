import { defaultOptions } from '../../src/scenarios/scenario.ts';
import { startPageServer, type PageServer } from '../../src/server/server.ts';
import { createStubScenario, stubStage, type StubScenario } from './stub-scenario.ts';

/** The page's server over two scenarios that the test drives. */
export async function startStubServer(
  port = 0,
  openStage = stubStage,
): Promise<PageServer & { stub: StubScenario; other: StubScenario }> {
  const [stub, other] = [createStubScenario(), createStubScenario('other')];
  const scenarios = [stub.scenario, other.scenario];
  const server = await startPageServer({
    scenarios,
    defaults: defaultOptions,
    port,
    openStage,
    endChildren: async () => {},
  });
  return Object.assign(server, { stub, other });
}

/** A control request as the page makes it. */
export const control = (
  { url, token }: Pick<PageServer, 'url' | 'token'>,
  path: string,
  body: object = {},
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${url}/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-corral-token': token, origin: url, ...headers },
    body: JSON.stringify(body),
  });
