import { library } from '../../tools/tsup.ts';

export default library(['src/index.ts', 'src/fastify.ts', 'src/node.ts', 'src/web.ts']);
