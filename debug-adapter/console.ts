/** The commands of the debug console. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessInfo, ProcessKey } from '../runtime/inspect/protocol.ts';
import { countOf, threadName } from '../runtime/inspect/view/index.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { chosenText, readPattern } from './process-patterns.ts';
import type { Session } from './session.ts';

/** The most processes that `processes` lists. */
const MAX_LISTED = 100;

type Answer = Pick<DebugProtocol.EvaluateResponse['body'], 'result'> &
  Partial<DebugProtocol.EvaluateResponse['body']>;

interface Command {
  readonly usage: string;
  readonly help: string;
  /** @param rest what follows the command, as it was typed */
  run(session: Session, words: readonly string[], rest: string): Promise<Answer> | Answer;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    processes: {
      usage: 'processes [text]',
      help: 'list processes, or those with this in their id, name or function',
      run: listProcesses,
    },
    mailbox: { usage: 'mailbox 5', help: 'show the messages of process 5', run: showMailbox },
    stack: { usage: 'stack 5', help: 'show where process 5 is', run: showStack },
    send: { usage: 'send 5 some text', help: 'send process 5 a message with this text', run: sendText },
    pause: {
      usage: 'pause 5|all',
      help: 'pause process 5, and the others run on; or all processes',
      run: actOnAll('pause', 'all processes are paused'),
    },
    resume: {
      usage: 'resume 5|all',
      help: 'let process 5 go on, or all that are paused',
      run: actOnAll('resume', 'all paused processes go on'),
    },
    stop: {
      usage: 'stop in|not in entry worker',
      help: "stop only, or not, in these processes: 'id 5', 'name db', 'entry worker', 'under 5' (its descendants)",
      run: chooseProcesses,
    },
    kill: { usage: 'kill 5', help: 'kill process 5', run: act('kill', 'is killed') },
    restart: {
      usage: 'restart 5',
      help: 'begin process 5 anew, which must stand still',
      run: act('restart', 'begins anew'),
    },
    input: { usage: 'input some text', help: 'give the program a line on its standard input', run: giveLine },
    eof: { usage: 'eof', help: "end the program's standard input", run: endInput },
    runtime: { usage: 'runtime', help: 'tell which runtime runs the program', run: describeRuntime },
    help: { usage: 'help', help: 'print this', run: help },
  }),
);

/** Whether a line of the console is a command, and no expression: `stack 5`, but not `stack.length`. */
export function isCommand(line: string): boolean {
  return COMMANDS.has(/^\s*(\S*)/.exec(line)?.[1] ?? '');
}

/** Runs a line of the console. @throws AdapterError if it is wrong */
export async function runCommand(session: Session, line: string): Promise<Answer> {
  const [, name = '', rest = ''] = /^\s*(\S*)(?:\s(.*))?$/s.exec(line) ?? [];
  const words = rest.split(/\s+/).filter((word) => word !== '');
  const command = COMMANDS.get(name);
  if (command === undefined) throw wrong(`There is no command '${name}'; 'help' lists them`);
  return await command.run(session, words, rest);
}

/** The commands that begin with what has been typed. */
export function completeCommand(typed: string): DebugProtocol.CompletionItem[] {
  const word = typed.trimStart();
  return [...COMMANDS]
    .filter(([name]) => name.startsWith(word))
    .map(([name, { help }]) => ({ label: name, detail: help, type: 'keyword' }));
}

function help(): Answer {
  const width = Math.max(...[...COMMANDS.values()].map(({ usage }) => usage.length));
  const lines = [...COMMANDS.values()].map(({ usage, help }) => `${usage.padEnd(width)}  ${help}`);
  return {
    result: [...lines, 'A process is named by its id, or by a name that it is registered under.'].join('\n'),
  };
}

function describeRuntime({ debuggee }: Session): Answer {
  const { runtime, pid, version } = debuggee.client.welcome;
  return { result: `${runtime}, process ${pid}, inspection protocol ${version}` };
}

async function listProcesses({ debuggee }: Session, words: readonly string[]): Promise<Answer> {
  const text = words.join(' ');
  const page = await debuggee.client.request('process/list', {
    limit: MAX_LISTED,
    ...(text === '' ? {} : { filter: { text } }),
  });
  const lines = page.processes.map(threadName);
  if (page.next !== undefined) lines.push(`… there are ${page.total} processes in all`);
  return { result: lines.length === 0 ? 'no processes' : lines.join('\n') };
}

async function showMailbox(session: Session, words: readonly string[]): Promise<Answer> {
  const { key: process, mailbox } = await named(session, words);
  return {
    result: countOf(mailbox, 'message'),
    variablesReference: mailbox === 0 ? 0 : session.ids.container({ kind: 'mailbox', process }),
    indexedVariables: mailbox,
  };
}

async function showStack(session: Session, words: readonly string[]): Promise<Answer> {
  const { debuggee } = session;
  const { key: process } = await named(session, words);
  const { frames, missing } = await debuggee.stops.stack(process);
  const lines = await Promise.all(frames.map((frame) => debuggee.disassemblies.describe(frame)));
  return { result: lines.length === 0 ? (missing ?? 'no calls') : lines.join('\n') };
}

async function sendText(session: Session, [name, ...text]: readonly string[]): Promise<Answer> {
  const info = await named(session, name === undefined ? [] : [name]);
  const data = Buffer.from(text.join(' ')).toString('base64');
  await session.debuggee.client.request('process/send', { process: info.key, data });
  return { result: `sent to #${info.id}` };
}

/** Makes a command that acts on one process, or on `all`. */
function actOnAll(what: 'pause' | 'resume', done: string): Command['run'] {
  const actOnOne = act(what, what === 'pause' ? 'is paused' : 'goes on');
  return async (session, words, rest) => {
    if (words.length !== 1 || words[0] !== 'all') return await actOnOne(session, words, rest);
    await session.debuggee.client.request(`processes/${what}`, {});
    return { result: done };
  };
}

/** `stop in id 5`, `stop not in entry worker`, `stop everywhere`; `stop` alone tells what holds. */
async function chooseProcesses(
  { debuggee }: Session,
  words: readonly string[],
  rest: string,
): Promise<Answer> {
  const { only, except } = debuggee.chosen;
  const [, not, pattern] = /^\s*(not\s+)?in\s+(.*)$/s.exec(rest) ?? [];
  if (pattern !== undefined) {
    const added = readPattern(pattern, 'stop');
    await debuggee.choose(
      not === undefined ? { only: [...only, added], except } : { only, except: [...except, added] },
    );
  } else if (words.join(' ') === 'everywhere') await debuggee.choose({ only: [], except: [] });
  else if (words.length > 0)
    throw wrong("Write 'stop in entry worker', 'stop not in id 5', 'stop everywhere', or 'stop' alone");
  return { result: chosenText(debuggee.chosen) };
}

function act(what: 'pause' | 'resume' | 'restart' | 'kill', done: string): Command['run'] {
  return async (session, words) => {
    const { key: process, id } = await named(session, words);
    await session.debuggee.client.request(`process/${what}`, { process });
    return { result: `#${id} ${done}` };
  };
}

function giveLine({ debuggee }: Session, _: readonly string[], line: string): Answer {
  debuggee.giveInput(`${line}\n`);
  return { result: '' };
}

function endInput({ debuggee }: Session): Answer {
  debuggee.giveInput(null);
  return { result: 'its input has ended' };
}

/** Finds the process that the words name by its id, its key or a registered name. */
async function named({ debuggee }: Session, words: readonly string[]): Promise<ProcessInfo> {
  const name = words.join(' ').replace(/^#/, '');
  if (name === '') throw wrong('Which process? Name one by its id, as in `mailbox 5`');
  const found = new Map<ProcessKey, ProcessInfo>();
  for (let after: ProcessKey | undefined; ; ) {
    const page = await debuggee.client.request('process/list', {
      filter: { text: name },
      limit: 1000,
      ...(after === undefined ? {} : { after }),
    });
    for (const info of page.processes) {
      if (`${info.id}` === name || info.key === name || info.names.includes(name)) found.set(info.key, info);
    }
    after = page.next;
    if (after === undefined) break;
  }
  const [info, other] = found.values();
  if (info === undefined) throw new AdapterError(ErrorId.ProcessGone, `There is no process '${name}'`);
  if (other !== undefined) {
    throw wrong(
      `Several processes are called '${name}': name one of ${[...found.keys()].slice(0, 5).join(', ')}`,
    );
  }
  return info;
}

function wrong(message: string): AdapterError {
  return new AdapterError(ErrorId.BadCommand, message);
}
