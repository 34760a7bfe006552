import type {
  Fleet_MetricsSubscription,
  Fleet_RowFragment,
  Fleet_SparklinesQuery,
} from '../generated/graphql.ts';
import { serverLook, type Look } from '../look.ts';
import { emptyTrend, Trend } from './trend.ts';

export type ServerRow = Fleet_RowFragment;
export type Gauges = Fleet_MetricsSubscription['fleetMetrics']['items'][number];
export type Problem = ServerRow['problems'][number];
type Sparkline = Fleet_SparklinesQuery['servers']['nodes'][number]['sparkline'];

export interface Trends {
  readonly cpu: Trend;
  readonly memory: Trend;
  readonly disk: Trend;
}

/** After this long without news a number is shown as old. Samples come every ten seconds. */
export const staleAfterMs = 30_000;

/** One server as the whole dashboard sees it. Each part is a signal of its own: a new CPU value redraws one number. */
export class FleetServer {
  readonly id: string;
  row = $state.raw<ServerRow>() as ServerRow;
  gauges = $state.raw<Gauges | null>(null);
  trends = $state.raw<Trends | null>(null);

  constructor(row: ServerRow) {
    this.id = row.id;
    this.row = row;
  }

  get look(): Look {
    return serverLook(this.row.status);
  }

  get online(): boolean {
    return this.row.connection === 'ONLINE';
  }

  /** The worst of everything known about it, for sorting. */
  get worst(): Look {
    const [problem] = this.row.problems;
    if (problem?.severity === 'CRITICAL') return 'critical';
    if (problem && this.look === 'good') return 'warning';
    return this.look;
  }

  measure(gauges: Gauges): void {
    this.gauges = gauges;
    if (!this.trends) return;
    const at = Date.parse(gauges.at);
    const { cpu, memory, disk } = this.trends;
    this.trends = {
      cpu: cpu.moved(at, gauges.cpuPercent),
      memory: memory.moved(at, gauges.memoryPercent),
      disk: disk.moved(at, gauges.diskPercent ?? null),
    };
  }

  remember(sparkline: Sparkline): void {
    const from = Date.parse(sparkline.from);
    const stepMs = sparkline.stepSeconds * 1000;
    this.trends = {
      cpu: new Trend(from, stepMs, sparkline.cpuPercent),
      memory: new Trend(from, stepMs, sparkline.memoryPercent),
      disk: new Trend(from, stepMs, sparkline.diskPercent),
    };
    if (this.gauges) this.measure(this.gauges);
  }

  /** Starts an empty trend, for a server that was added while we watched. */
  beginTrends(): void {
    const empty = emptyTrend(Date.now());
    this.trends ??= { cpu: empty, memory: empty, disk: empty };
  }
}
