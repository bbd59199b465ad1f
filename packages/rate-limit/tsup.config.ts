import { library } from '../../tools/tsup.ts';

export default library(['src/index.ts', 'src/redis.ts', 'src/fastify.ts']);
