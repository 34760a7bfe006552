import type { Bench } from './measurement.ts';
export const agentFootprint: Bench = { name: 'agent-footprint', measure: async () => [] };
