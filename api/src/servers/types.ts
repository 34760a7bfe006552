export { statuses } from './view.ts';
