import * as vscode from 'vscode';
import type { Programs } from '../processes/program.ts';
import type { TestsInput, TestTool } from '../testing/test-tool.ts';
import type { AskedProgram, ProcessInput } from './process-tools.ts';
import { type Question, readQuestion, testsQuestion } from './questions.ts';

/** Loaded when a tool is used for the first time. */
const load = () => import('./process-tools.ts');

/** What a tool that only looks answers. Rejects with a `ToolError` whose message is for the language model. */
type Look<Input> = (programs: readonly AskedProgram[], input: Input) => Promise<string>;

type Ask<Input> = (input: Input) => Question;

/**
 * Registers the tools that language models may use. Those for processes only look; the user is asked before messages and variables are
 * read, and before tests are built and run.
 */
export function registerTools(programs: Programs, tests: TestTool): vscode.Disposable {
  const looks = <Input>(name: string, doing: string, look: Look<Input>, question?: Ask<Input>) =>
    vscode.lm.registerTool(name, new LookingTool(doing, programs, look, question));
  return vscode.Disposable.from(
    looks('lunatic_list_processes', 'Listing processes', async (asked, input: object) =>
      (await load()).listProcesses(asked, input),
    ),
    looks(
      'lunatic_read_mailbox',
      'Reading a mailbox',
      async (asked, input: ProcessInput) => (await load()).readMailbox(asked, input),
      (input) => readQuestion('messages', input),
    ),
    looks('lunatic_read_stack', 'Reading a stack', async (asked, input: ProcessInput) =>
      (await load()).readStack(asked, input),
    ),
    looks(
      'lunatic_read_variables',
      'Reading variables',
      async (asked, input: ProcessInput) => (await load()).readVariables(asked, input),
      (input) => readQuestion('variables', input),
    ),
    vscode.lm.registerTool('lunatic_run_tests', new RunTestsTool(tests)),
  );
}

/** A tool that looks at running programs. */
class LookingTool<Input> implements vscode.LanguageModelTool<Input> {
  readonly #doing: string;
  readonly #programs: Programs;
  readonly #look: Look<Input>;
  readonly #question: Ask<Input> | undefined;

  /**
   * @param doing for the user, while it looks
   * @param question that is asked before
   */
  constructor(doing: string, programs: Programs, look: Look<Input>, question: Ask<Input> | undefined) {
    this.#doing = doing;
    this.#programs = programs;
    this.#look = look;
    this.#question = question;
  }

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<Input>): vscode.PreparedToolInvocation {
    return prepared(this.#doing, this.#question?.(input));
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<Input>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const programs = this.#programs.list.map(({ name, session }) => ({
      name,
      request: async (request: string, args: object) => {
        if (token.isCancellationRequested) throw new vscode.CancellationError();
        return await session.customRequest(request, args);
      },
    }));
    return resultOf(await this.#look(programs, input));
  }
}

/** Builds and runs tests, if the user allows it. */
class RunTestsTool implements vscode.LanguageModelTool<TestsInput> {
  readonly #tests: TestTool;

  constructor(tests: TestTool) {
    this.#tests = tests;
  }

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<TestsInput>): vscode.PreparedToolInvocation {
    return prepared('Running tests', testsQuestion(input));
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

function prepared(invocationMessage: string, question: Question | undefined): vscode.PreparedToolInvocation {
  if (question === undefined) return { invocationMessage };
  const { title, message } = question;
  return { invocationMessage, confirmationMessages: { title, message: new vscode.MarkdownString(message) } };
}
