import type { FastifyInstance } from 'fastify';
import type { RunOptions, Scenario } from '../scenarios/scenario.ts';
import { BusyError, type Runner } from './runner.ts';

/** What the page may ask for; `--full` takes an hour and stays with the command line. */
interface RunRequest {
  scenario: string;
  phases: 'before' | 'after' | 'both';
  size: 'fast' | 'default';
  replicas: number;
  users: number;
}

const runSchema = {
  type: 'object',
  required: ['scenario'],
  additionalProperties: false,
  properties: {
    scenario: { type: 'string', maxLength: 100 },
    phases: { enum: ['before', 'after', 'both'], default: 'both' },
    size: { enum: ['fast', 'default'], default: 'default' },
    replicas: { type: 'integer', minimum: 1, maximum: 16, default: 3 },
    users: { type: 'integer', minimum: 1, maximum: 100_000, default: 1 },
  },
};

const switchSchema = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: { id: { type: 'string', maxLength: 100 } },
};

/** The page's buttons. The guard has already looked at token and origin. */
export function addControl(
  app: FastifyInstance,
  scenarios: readonly Scenario[],
  defaults: RunOptions,
  runner: Runner,
): void {
  app.post<{ Body: RunRequest }>('/control/run', { schema: { body: runSchema } }, (request, reply) => {
    const { scenario: id, phases, size, replicas, users } = request.body;
    const scenario = scenarios.find((each) => each.id === id);
    if (scenario === undefined) return reply.code(404).send({ message: `scenario: there is no ${id}` });
    const [before, after] = [phases !== 'after', phases !== 'before'];
    try {
      runner.start(scenario, { ...defaults, before, after, size, replicas, users });
    } catch (error) {
      if (error instanceof BusyError) return reply.code(409).send({ message: error.message });
      throw error;
    }
    return reply.code(202).send({});
  });

  app.post('/control/stop', (_request, reply) => {
    void runner.stop('stopped on the page');
    return reply.code(202).send({});
  });

  app.post<{ Body: { id: string } }>('/control/switch', { schema: { body: switchSchema } }, (request, reply) => {
    const { id } = request.body;
    if (!runner.throwSwitch(id)) return reply.code(409).send({ message: `${id} does nothing at the moment` });
    return reply.code(202).send({});
  });
}
