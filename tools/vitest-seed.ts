import fc from 'fast-check';

/**
 * In CI the random tests draw the same values each time: a change is judged by itself, not by luck. Everywhere else each run
 * explores anew; `FC_SEED` repeats one.
 */
const { CI, FC_SEED = CI ? '1' : undefined } = process.env;
if (FC_SEED !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(FC_SEED) });
