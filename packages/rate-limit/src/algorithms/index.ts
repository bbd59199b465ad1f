import type { AlgorithmName } from '../rules.ts';
import type { Algorithm } from './algorithm.ts';
import { fixed } from './fixed.ts';
import { gcra } from './gcra.ts';
import { sliding } from './sliding.ts';

/** Each algorithm reads only states that it made itself: the name is part of every place where a state is kept. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm<unknown>>> = { sliding, gcra, fixed };
