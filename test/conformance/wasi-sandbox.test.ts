import { describeSandbox } from '../support/sandbox.ts';

describeSandbox('a guest stays in its directory', process.platform === 'linux');
