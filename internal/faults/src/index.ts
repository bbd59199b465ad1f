export { kill, pause, processTree, resume } from './processes.ts';
export { startProxy, type Proxy } from './proxy.ts';
