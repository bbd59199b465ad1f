import { expect, it } from 'vitest';
import { requestOf } from './pollers.ts';

const profile = {
  clients: 2,
  leaderboardEvery: 3,
  pageSize: 50,
  pages: 2,
  challengesPath: '/challenges',
  leaderboardPath: '/leaderboard',
};

it('asks for the leaderboard every third time, and lets the clients take turns at both endpoints', () => {
  const requests = Array.from({ length: 6 }, (_, index) => requestOf(profile, index));

  expect(requests.map(({ client, path }) => `${client} ${path}`)).toEqual([
    '0 /challenges',
    '1 /challenges',
    '0 /leaderboard?cursor=0',
    '0 /challenges',
    '1 /challenges',
    '1 /leaderboard?cursor=50',
  ]);
});
