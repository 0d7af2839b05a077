import * as vscode from 'vscode';
import type { Programs } from '../processes/program.ts';
import type { TestsInput, TestTool } from '../testing/test-tool.ts';
import type { AskedProgram } from './process-tools.ts';

/** Loaded when a tool is used for the first time. */
const load = () => import('./process-tools.ts');

/** What a tool that only looks answers. Rejects with a `ToolError` whose message is for the language model. */
type Look<Input> = (programs: readonly AskedProgram[], input: Input) => Promise<string>;

/**
 * Registers the tools that language models may use: those for processes only look; the user is asked before tests are built and run.
 */
export function registerTools(programs: Programs, tests: TestTool): vscode.Disposable {
  const looks = <Input>(name: string, doing: string, look: Look<Input>) =>
    vscode.lm.registerTool(name, new LookingTool(doing, programs, look));
  return vscode.Disposable.from(
    looks('lunatic_list_processes', 'Listing processes', async (asked, input: object) =>
      (await load()).listProcesses(asked, input),
    ),
    looks('lunatic_read_mailbox', 'Reading a mailbox', async (asked, input: { process: string }) =>
      (await load()).readMailbox(asked, input),
    ),
    looks('lunatic_read_stack', 'Reading a stack', async (asked, input: { process: string }) =>
      (await load()).readStack(asked, input),
    ),
    looks('lunatic_read_variables', 'Reading variables', async (asked, input: { process: string }) =>
      (await load()).readVariables(asked, input),
    ),
    vscode.lm.registerTool('lunatic_run_tests', new RunTestsTool(tests)),
  );
}

/** A tool that looks at the programs that run. */
class LookingTool<Input> implements vscode.LanguageModelTool<Input> {
  readonly #doing: string;
  readonly #programs: Programs;
  readonly #look: Look<Input>;

  /** @param doing for the user, while it looks */
  constructor(doing: string, programs: Programs, look: Look<Input>) {
    this.#doing = doing;
    this.#programs = programs;
    this.#look = look;
  }

  prepareInvocation(): vscode.PreparedToolInvocation {
    return { invocationMessage: this.#doing };
  }

  async invoke({
    input,
  }: vscode.LanguageModelToolInvocationOptions<Input>): Promise<vscode.LanguageModelToolResult> {
    const programs = this.#programs.list.map(({ name, session }) => ({
      name,
      request: async (request: string, args: object) => await session.customRequest(request, args),
    }));
    return resultOf(await this.#look(programs, input));
  }
}

/** Characters of what a question says is to run. */
const MAX_NAMED = 300;

/** Builds and runs tests, if the user allows it. */
class RunTestsTool implements vscode.LanguageModelTool<TestsInput> {
  readonly #tests: TestTool;

  constructor(tests: TestTool) {
    this.#tests = tests;
  }

  prepareInvocation({
    input: { file, tests = [] },
  }: vscode.LanguageModelToolInvocationPrepareOptions<TestsInput>): vscode.PreparedToolInvocation {
    const which = tests.length > 0 ? `the tests ${tests.join(', ')}` : 'all tests';
    const named = `${which}${file === undefined ? ' of the workspace' : ` of ${file}`}`;
    const shown = named.length <= MAX_NAMED ? named : `${named.slice(0, MAX_NAMED)}…`;
    return {
      invocationMessage: 'Running tests',
      confirmationMessages: {
        title: 'Run tests?',
        message: `This builds the projects of these tests, which runs their build scripts, and then runs ${shown}.`,
      },
    };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<TestsInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { answer } = await load();
    return resultOf(answer(await this.#tests.run(input, token)));
  }
}

function resultOf(text: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
}
