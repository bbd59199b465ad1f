import { expect, it } from 'vitest';
import { portOf, sessionOf } from './sessions.ts';

it('gives every session its turn before one has a second', () => {
  const sessions = 10_000;
  const turns = Array.from({ length: sessions }, (_, turn) => sessionOf(turn, sessions));

  expect(new Set(turns).size).toBe(sessions);
});

it('spreads the sessions of each app over all workers', () => {
  const profile = { apps: 20, ports: [1, 2, 3, 4] };
  const numbers = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const places = new Set(numbers.map((number) => `${number % profile.apps} ${portOf(number, profile)}`));

  expect(places.size).toBe(80);
});
