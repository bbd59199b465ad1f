/** The tables of the publisher: 51 open challenges in about 32 KB of JSON, and a leaderboard in pages of about 39 KB. */
export const schema = `
  CREATE TABLE evaluation_state (id int PRIMARY KEY, revision int NOT NULL);
  CREATE TABLE evaluations (challenge_id int NOT NULL, score double precision NOT NULL);
  CREATE TABLE challenges (
    id           int PRIMARY KEY,
    title        text NOT NULL,
    formula      text NOT NULL,
    truth_table  text NOT NULL,
    active       boolean NOT NULL DEFAULT true
  );
  CREATE TABLE leaderboard (rank int PRIMARY KEY, validator text NOT NULL, score int NOT NULL);
  INSERT INTO evaluation_state VALUES (1, 0);
  INSERT INTO challenges
    SELECT n, 'challenge ' || n, repeat(md5(n::text), 10), repeat(md5('t' || n), 8), n <= 51 FROM generate_series(1, 60) AS n;
  INSERT INTO leaderboard SELECT n, md5('v' || n), 100000 - n FROM generate_series(1, 4000) AS n;
`;

/** Rows of a page of the leaderboard. */
export const pageSize = 530;

/** How long a build works under the lock beyond its own reads, in both phases: the source's took about 86 ms. Seconds. */
export const paddingSeconds = 0.01;

/** The build takes the lock that evaluation writes hold, and keeps it until it is done. */
export const statements = {
  BuildActiveChallenges: `WITH
      locked AS MATERIALIZED (SELECT revision FROM evaluation_state WHERE id = 1 FOR UPDATE),
      built AS MATERIALIZED (SELECT revision, pg_sleep(${paddingSeconds}) FROM locked)
    SELECT c.id, c.title, c.formula, c.truth_table FROM built, challenges c WHERE c.active ORDER BY c.id`,
  GetLeaderboardPage: 'SELECT rank, validator, score FROM leaderboard WHERE rank > $1 ORDER BY rank LIMIT $2',
};

export type StatementName = keyof typeof statements;

/** An evaluation write. It has no name: it belongs to another process, and no count of the app includes it. */
export const evaluationWrite = `
  BEGIN;
  SELECT revision FROM evaluation_state WHERE id = 1 FOR UPDATE;
  INSERT INTO evaluations SELECT n, random() FROM generate_series(1, 51) AS n;
  UPDATE evaluation_state SET revision = revision + 1 WHERE id = 1;
  COMMIT`;

/** The long one: it holds the lock, and at its end one challenge has closed, another one is open, and ranks have changed. */
export const stalledWrite = (stallMs: number): string => `
  BEGIN;
  SELECT revision FROM evaluation_state WHERE id = 1 FOR UPDATE;
  SELECT pg_sleep(${stallMs / 1_000});
  UPDATE challenges SET active = id BETWEEN 2 AND 52;
  UPDATE leaderboard SET score = score + 1 WHERE rank % ${pageSize} = 0;
  COMMIT`;

/** As before the long write, so that the second phase meets what the first one met. */
export const resetWrites = 'UPDATE challenges SET active = id <= 51; TRUNCATE evaluations';
