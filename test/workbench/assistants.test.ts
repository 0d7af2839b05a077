/** The tools that language models may use, as VS Code gives them to one. */
import { expect, test } from 'vitest';
import { POST_OFFICE, TESTS } from './programs.ts';
import { control } from './support/control.ts';
import { WorkbenchSession } from './support/session.ts';

// In the test's VS Code, these features are off otherwise.
const session = new WorkbenchSession(() => ({ settings: { 'chat.disableAIFeatures': false } }));

test('processes and stacks are read without a question, messages and variables after one', async () => {
  const workbench = await session.open({ 'post-office.wat': POST_OFFICE });
  const use = (tool: string, input: object = {}) =>
    control(workbench.workspace.folder, { name: 'useTool', tool: `lunatic_${tool}`, input });
  /** Answers the question before a tool with yes. */
  const allowed = async (tool: string, question: string) => {
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: question });
    const answer = use(tool, { process: '2' });
    await Promise.race([answer, dialog.getByText('Yes', { exact: true }).click()]);
    return await answer;
  };
  await workbench.isActive();
  expect(await use('list_processes')).toContain('No program runs in the editor.');
  await workbench.openFile('post-office.wat');
  await workbench.debug();
  await workbench.printed('the post office is open');
  expect(await use('list_processes')).toMatch(
    /Program post-office\.wat: 3 processes\n#1 _start \(waiting for a message\), key 1:1\n#2 sorter \(waiting for a message, 3 in mailbox\), key 1:2, child of process 1:1\n/,
  );
  expect(await allowed('read_mailbox', 'The language model gets the messages of process 2.')).toContain(
    'To Ada: the parcel is here',
  );
  expect(await use('read_stack', { process: '2' })).toMatch(/\n1: sorter \(\/\S+\/post-office\.wat:\d+\)/);
  await expect(allowed('read_variables', 'Read variables?')).rejects.toThrow('does not stand still');
  await workbench.showView('Lunatic');
  const paused = workbench.process('#2 sorter', 'paused');
  await workbench.act(workbench.process('#2 sorter'), 'Pause Process', paused);
  expect(await allowed('read_variables', 'Read variables?')).toContain(
    'Variables of receive_tag in #2 sorter (paused, waiting for a message, 3 in mailbox)\nLocals:\n  $tag: i64 = 99\n',
  );
});

test('tests are run after a question, and not without', async () => {
  const workbench = await session.open({ 'sums.wat': TESTS });
  const { page, workspace } = workbench;
  const run = () =>
    control(workspace.folder, {
      name: 'useTool',
      tool: 'lunatic_run_tests',
      input: { tests: ['sums::adds', 'sums::subtracts'] },
    });
  await workbench.isActive();
  const question = page.locator('.monaco-dialog-box', { hasText: 'Run tests?' });

  const refused = expect(run()).rejects.toThrow(/cancel/i);
  await question.filter({ hasText: 'runs the tests sums::adds, sums::subtracts of the workspace' }).waitFor();
  await workbench.screenshot('tool-question');
  await page.keyboard.press('Escape');
  await refused;

  const allowed = run();
  await question.getByText('Yes', { exact: true }).click();
  const text = await allowed;
  expect(text).toContain('1 test passed, 1 failed, 0 skipped');
  expect(text).toMatch(/subtracts \(sums\.wat:\d+\) failed:\n.*the difference/);
});
