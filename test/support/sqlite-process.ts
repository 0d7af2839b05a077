/**
 * Runs a guest as one of several schedulers does: in an OS process that is not the only one to use its databases.
 *
 *     node sqlite-process.ts MODULE FOLDER
 *
 * The guest may use files in FOLDER. Standard input and output are its own.
 */
import { readFileSync } from 'node:fs';
import { ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { sharedDatabases } from '../../runtime/permissions/shared-databases.ts';
import { Capture, Feed } from './program.ts';

const [module = '', folder = ''] = process.argv.slice(2);

class Output extends Capture {
  override write(bytes: Uint8Array): null {
    process.stdout.write(bytes.slice());
    return null;
  }
}

sharedDatabases.share();
const runtime = new Runtime();
const config = ProcessConfig.forRoot();
config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
const input = new Feed();
process.stdin.on('data', (chunk) => input.push(chunk.toString())).on('end', () => input.end());
const stdio = { input, output: new Output(), error: new Capture() };
const root = await runtime.run(runtime.load(readFileSync(module)), { config, stdio });
const exit = await root.ended;
process.stdout.write(`${exit.kind}${'message' in exit ? `: ${exit.message}` : ''}\n`, () => process.exit());
