/** The users of the authorisation server. */
export const schema = `
  CREATE TABLE users (
    id        int PRIMARY KEY,
    name      text NOT NULL,
    email     text NOT NULL,
    is_admin  boolean NOT NULL DEFAULT false
  );
  INSERT INTO users SELECT n, 'user-' || n, 'user-' || n || '@example.test' FROM generate_series(1, 5000) AS n;
`;

/** How long the query takes, in every composition: the row is padded, since a test table is not a production one. Seconds. */
const paddingSeconds = 0.25;

export const statements = {
  GetUserByID: `SELECT u.id, u.name, u.email, u.is_admin FROM users u, pg_sleep(${paddingSeconds}) WHERE u.id = $1`,
};

export type StatementName = keyof typeof statements;

export interface User {
  id: number;
  name: string;
  email: string;
  is_admin: boolean;
}
