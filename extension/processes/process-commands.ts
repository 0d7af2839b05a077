import * as vscode from 'vscode';
import type { ProcessEnd, ProcessInfo, ProcessKey } from '../../runtime/inspect/protocol.ts';
import { countOf, processActivity, processName } from '../../runtime/inspect/view/index.ts';
import { messageOf } from '../log.ts';
import { MessageInputError, parseMessage, parseTag } from './message-input.ts';
import type { DocumentKind, ProcessDocuments } from './process-documents.ts';
import { iconOf } from './process-icon.ts';
import type { ProcessTree } from './process-tree.ts';
import type { Program, Programs } from './program.ts';
import { saveCoreDump } from './save-core-dump.ts';
import { registerThreadCommands } from './thread-commands.ts';
import type { MoreNode, ProcessNode, ProgramNode, TreeNode } from './tree-nodes.ts';
import { TreeSelection } from './tree-selection.ts';

/** Maximum number of processes that the picker displays. */
const MAX_CHOICES = 200;

/** Milliseconds for which a message in the status bar is displayed. */
const MESSAGE_TIME = 5000;

/** A process of a program. */
interface Target {
  readonly program: Program;
  readonly key: ProcessKey;
}

export interface ProcessCommandsOptions {
  readonly programs: Programs;
  readonly tree: ProcessTree;
  readonly view: vscode.TreeView<TreeNode>;
  readonly documents: ProcessDocuments;
}

/** The argument of commands that a key of the tree runs. It stands for the selected process; nothing is picked. */
const SELECTED = 'selected';

/** Registers the commands for processes, which the tree, its keys and the palette run. */
export function registerProcessCommands(options: ProcessCommandsOptions): vscode.Disposable {
  const { programs, tree, view, documents } = options;
  const selection = new TreeSelection(view, tree.onDidDraw);
  /** The process that is selected in the tree, while the tree is visible. A process that has ended can only be looked at. */
  const selected = async (command: string): Promise<Target | undefined> => {
    const node = view.visible ? await selection.node() : undefined;
    if (node?.kind !== 'process') return undefined;
    const process = node.program.model.get(node.key);
    if (process === undefined) return undefined;
    return process.state !== 'ended' || command === 'lunatic.showProcess' ? node : undefined;
  };
  const act = async (target: Target | undefined, action: (target: Target) => Thenable<unknown>) => {
    if (target === undefined) return;
    tree.hurry();
    try {
      await action(target);
    } catch (error) {
      vscode.window.showWarningMessage(messageOf(error));
    }
  };
  const on = (command: string, title: string, action: (target: Target) => Thenable<unknown>) =>
    vscode.commands.registerCommand(command, async (...args: unknown[]) => {
      const [node] = args;
      if (args.length === 0)
        await act((await selected(command)) ?? (await pickProcess(programs, title)), action);
      else if (isProcess(node)) await act(node, action);
      else if (node === SELECTED) await act(await selected(command), action);
      // VS Code does not know which row was clicked while it redraws the tree. No other process must be meant.
      else
        vscode.window.setStatusBarMessage('The process has just changed its place. Try again.', MESSAGE_TIME);
    });
  const onAll = (command: string, request: 'lunatic/pauseAll' | 'lunatic/resumeAll') =>
    vscode.commands.registerCommand(command, async (node?: unknown) => {
      tree.hurry();
      const meant = isProgram(node) ? [node.program] : programs.list;
      const results = await Promise.allSettled(meant.map((program) => program.request(request, {})));
      for (const result of results)
        if (result.status === 'rejected') vscode.window.showWarningMessage(messageOf(result.reason));
    });
  const change =
    (request: 'lunatic/pause' | 'lunatic/resume' | 'lunatic/restart' | 'lunatic/kill', end?: ProcessEnd) =>
    async ({ program, key }: Target) => {
      await program.request(request, { process: key });
      await programs.look(program, key, end);
    };
  const show = (kind: DocumentKind) => (target: Target) => documents.show(target.program, target.key, kind);
  return vscode.Disposable.from(
    selection,
    on('lunatic.showProcess', 'Show the details of', show('details')),
    on('lunatic.showMailbox', 'Show the mailbox of', show('mailbox')),
    on('lunatic.showStack', 'Show the stack of', show('stack')),
    on('lunatic.pauseProcess', 'Pause', change('lunatic/pause')),
    on('lunatic.resumeProcess', 'Resume', change('lunatic/resume')),
    on('lunatic.killProcess', 'Kill', change('lunatic/kill', { kind: 'killed' })),
    onAll('lunatic.pauseAll', 'lunatic/pauseAll'),
    onAll('lunatic.resumeAll', 'lunatic/resumeAll'),
    on('lunatic.sendMessage', 'Send a message to', sendMessage),
    on('lunatic.restartProcess', 'Restart', change('lunatic/restart')),
    on('lunatic.saveCoreDump', 'Save a core dump of', ({ program, key }) => saveCoreDump(program, key)),
    registerThreadCommands(programs),
    on('lunatic.copyProcessId', 'Copy the id of', async ({ program, key }) => {
      const { id } = program.model.get(key) ?? (await program.request('lunatic/process', { process: key }));
      await vscode.env.clipboard.writeText(`${id}`);
    }),
    vscode.commands.registerCommand('lunatic.findProcess', async (entry?: unknown) =>
      act(await pickProcess(programs, 'Find', typeof entry === 'string' ? entry : ''), ({ program, key }) =>
        view.reveal(tree.nodeOf(program, key), { select: true, focus: true, expand: true }),
      ),
    ),
    vscode.commands.registerCommand('lunatic.showProcesses', () =>
      vscode.commands.executeCommand('lunatic.processes.focus'),
    ),
    vscode.commands.registerCommand('lunatic.loadMoreProcesses', (node: MoreNode) => tree.showMore(node)),
    vscode.commands.registerCommand('lunatic.stopProgram', async (node?: ProgramNode) => {
      const program = node?.program ?? (await pickProgram(programs));
      if (program !== undefined) await vscode.debug.stopDebugging(program.session);
    }),
  );
}

function isProgram(node: unknown): node is ProgramNode {
  return typeof node === 'object' && node !== null && 'kind' in node && node.kind === 'program';
}

function isProcess(node: unknown): node is ProcessNode {
  return typeof node === 'object' && node !== null && 'kind' in node && node.kind === 'process';
}

async function sendMessage({ program, key }: Target): Promise<void> {
  const info = program.model.get(key);
  const title = `Send a message to ${info === undefined ? `process ${key}` : processName(info)}`;
  const data = await vscode.window.showInputBox({
    title: `${title} (1/2)`,
    prompt: 'A text as it is; bytes as in: hex 68 65 6c; numbers, low byte first, as in: i64 1 2',
    placeHolder: 'Message',
    ignoreFocusOut: true,
    validateInput: (value) => complaint(() => parseMessage(value)),
  });
  if (data === undefined) return;
  const tag = await vscode.window.showInputBox({
    title: `${title} (2/2)`,
    prompt: 'The tag of the message; nothing for a message without a tag',
    placeHolder: 'Tag',
    ignoreFocusOut: true,
    validateInput: (value) => complaint(() => parseTag(value)),
  });
  if (tag === undefined) return;
  await program.request('lunatic/send', {
    process: key,
    tag: parseTag(tag),
    data: Buffer.from(parseMessage(data)).toString('base64'),
  });
}

function complaint(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof MessageInputError)) throw error;
    return error.message;
  }
}

// -- picking ----------------------------------------------------------------------------------------------

async function pickProgram(programs: Programs): Promise<Program | undefined> {
  const { list } = programs;
  if (list.length <= 1) return list[0];
  const items = list.map((program) => ({
    label: program.name,
    description: countOf(program.model.total, 'process'),
    program,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Program' }))?.program;
}

interface ProcessItem extends vscode.QuickPickItem {
  readonly target?: Target;
}

/**
 * Lets the user pick a process of any program. The runtimes search for the typed text, since they may have many processes.
 * @param text what is searched for at first
 */
function pickProcess(programs: Programs, title: string, text = ''): Promise<Target | undefined> {
  const pick = vscode.window.createQuickPick<ProcessItem>();
  pick.value = text;
  pick.placeholder = `${title} which process? Its id, name, or function`;
  pick.matchOnDescription = true;
  let asked = 0;
  const look = async () => {
    const number = ++asked;
    pick.busy = true;
    const text = pick.value.trim().replace(/^#/, '').split(' ', 1)[0] ?? '';
    const found = await Promise.all(
      programs.list.map((program) => itemsOf(program, text, programs.list.length > 1)),
    );
    if (number !== asked) return;
    pick.items = found.flat();
    pick.busy = false;
  };
  return new Promise((done) => {
    pick.onDidChangeValue(look);
    pick.onDidAccept(() => {
      done(pick.selectedItems[0]?.target);
      pick.hide();
    });
    pick.onDidHide(() => {
      done(undefined);
      pick.dispose();
    });
    pick.show();
    look();
  });
}

async function itemsOf(program: Program, text: string, isOneOfSeveral: boolean): Promise<ProcessItem[]> {
  try {
    const filter = text === '' ? {} : { filter: { text } };
    const { processes } = await program.request('lunatic/processes', { limit: MAX_CHOICES, ...filter });
    return processes.map((info) => processItem(program, info, isOneOfSeveral));
  } catch {
    // The program has just ended.
    return [];
  }
}

function processItem(program: Program, info: ProcessInfo, isOneOfSeveral: boolean): ProcessItem {
  const parts = [processActivity(info)];
  if (info.mailbox > 0) parts.push(countOf(info.mailbox, 'message'));
  if (isOneOfSeveral) parts.push(program.name);
  return {
    label: processName(info),
    description: parts.join(' · '),
    iconPath: new vscode.ThemeIcon(iconOf(info).icon),
    alwaysShow: true,
    target: { program, key: info.key },
  };
}
