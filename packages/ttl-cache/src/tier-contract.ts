export { tierContract, type TierCase, type TierContractOptions, type TierHarness } from './tier.contract.ts';
export { createMemoryTier } from './memory-tier.ts';
