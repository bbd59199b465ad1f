// How a changeset becomes a line of a CHANGELOG: what changes for the user, and nothing about commits.

/** @type {import('@changesets/types').ChangelogFunctions} */
export default {
  getReleaseLine: async ({ summary }) => {
    const [first, ...rest] = summary.trim().split('\n');
    return [`- ${first}`, ...rest.map((line) => `  ${line}`.trimEnd())].join('\n');
  },
  getDependencyReleaseLine: async (_changesets, dependencies) =>
    dependencies.length === 0
      ? ''
      : `- Uses ${dependencies.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`).join(', ')}.`,
};
