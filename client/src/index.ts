export type { Answer, Client, RequestOptions } from './client.ts';
export { watchContainers, type ContainersChange, type WatchedContainer } from './containers.ts';
export type { Document } from './document.ts';
export {
  ServerKitApiError,
  ServerKitConnectionError,
  ServerKitError,
  type ConnectionErrorCode,
} from './errors.ts';
export type { ErrorCode } from './generated/enums.ts';
export * from './generated/operations.ts';
export { followLogs, logBatches, type LogOptions, type LogRequest } from './logs/follow.ts';
export {
  mergedLogBatches,
  type MergedLogLine,
  type MergedLogOptions,
  type MergedLogReport,
  type MergedLogRequest,
} from './logs/merged.ts';
export type { LogLine } from './logs/position.ts';
export { watchMetrics, type ServerSample } from './metrics.ts';
export type {
  ClientOptions,
  ConnectionState as ClientConnection,
  Fetch,
  FetchAnswer,
  FetchInit,
  ReconnectOptions,
  Secret,
  WebSocketClass,
  WebSocketLike,
} from './options.ts';
export type { Backlog, StreamEvent, StreamOptions } from './stream.ts';
export { allContainers, allServers, pages, type Page } from './pages.ts';
