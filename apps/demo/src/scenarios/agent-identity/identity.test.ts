import { gate, type Gate } from '@corral-internal/test-kit';
import { expect, it } from 'vitest';
import { heldIdentity, populate, type AgentConnection, type IdentitySource } from './identity.ts';

const row = {
  id: 7,
  name: 'agent-7',
  workspace_id: 3,
  started_at: new Date(0),
  ready_at: null,
  logs_overflowed: true,
  workspace_name: 'workspace-3',
  owner_id: 9,
};
const workspace = { id: 3, name: 'workspace-3', owner_id: 9 };

/** A source that answers when `answer` opens, and counts. */
function heldSource(): IdentitySource & { answer: Gate<void>; asked: number } {
  const answer = gate();
  const source = {
    answer,
    asked: 0,
    agent: async () => {
      source.asked++;
      await answer.promise;
      return row;
    },
    workspace: async () => workspace,
  };
  return source;
}

it('holds the static fields when a connection is set up, and asks nothing after that', async () => {
  const source = heldSource();
  const connection: AgentConnection = { agentId: 7 };
  populate(connection, row);

  expect(await heldIdentity(source).agent(connection)).toEqual({ id: 7, name: 'agent-7', workspace_id: 3 });
  expect(await heldIdentity(source).workspace(connection)).toEqual(workspace);
  expect(source.asked).toBe(0);
});

it('falls back to one query for all requests of an agent, and holds the static fields of the answer', async () => {
  const source = heldSource();
  const identity = heldIdentity(source);
  const connection: AgentConnection = { agentId: 7 };

  const four = [1, 2, 3, 4].map(() => identity.agent(connection));
  source.answer.open();
  await Promise.all(four);
  await identity.agent(connection);

  expect(source.asked).toBe(1);
  expect(connection.agent).toEqual({ id: 7, name: 'agent-7', workspace_id: 3 });
});

it('holds nothing when the fallback fails, and asks again', async () => {
  const source = heldSource();
  const identity = heldIdentity(source);
  const connection: AgentConnection = { agentId: 7 };

  const failing = identity.agent(connection);
  source.answer.fail(new Error('no connection'));

  await expect(failing).rejects.toThrow('no connection');
  expect(connection.agent).toBeUndefined();
  await expect(identity.agent(connection)).rejects.toThrow('no connection');
  expect(source.asked).toBe(2);
});
