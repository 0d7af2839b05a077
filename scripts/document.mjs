// `npm run document`: writes docs/host-api.md.
import { install, jspiNode, run } from './setup.mjs';

install();
process.exit(run(jspiNode, ['scripts/document-host-api.ts']));
