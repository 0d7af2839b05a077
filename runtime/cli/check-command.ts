import { Command } from 'commander';
import { jsonText } from '../text/json-text.ts';
import { type ColorChoice, paintFor, wantsColors } from './colors.ts';
import { errorText } from './error-text.ts';
import { colorOption, jsonOption, pluginOption } from './options.ts';
import { type ModuleFlags, withModuleOptions } from './permission-options.ts';
import { pluginsOf } from './plugins.ts';
import { printAll } from './print.ts';
import { ExitCode } from './session.ts';

const STDOUT = 1;

/** `lunatic check`. */
export function checkCommand(): Command {
  return withModuleOptions(new Command('check'))
    .summary('check whether modules would run')
    .description(
      'Checks modules without running them: whether this runtime has what they import, which features and memory ' +
        'they use, their entry and their tests.',
    )
    .argument('<file...>', 'modules to check: .wasm or .wat files')
    .addOption(pluginOption('the modules'))
    .addOption(jsonOption())
    .addOption(colorOption())
    .addHelpText(
      'after',
      '\nExit status: 0 if all would link and run, otherwise 1; 2 for a wrong command line.',
    )
    .action(async (files: string[], options: CheckFlags) => {
      process.exit(await check(files, options));
    });
}

interface CheckFlags extends ModuleFlags {
  readonly json: boolean;
  readonly color: ColorChoice;
  readonly plugin: readonly string[];
}

async function check(files: readonly string[], options: CheckFlags): Promise<number> {
  const { checkFile } = await import('./check.ts');
  const { describeCheck } = await import('./check-report.ts');
  const paint = paintFor(wantsColors(STDOUT, options.color));
  const checks = [];
  const plugins = await pluginsOf(options.plugin);
  for (const file of files) checks.push(await checkFile(file, options, plugins));
  for (const { module, problems } of checks) {
    if (module === undefined) process.stderr.write(errorText(problems.join('\n')));
  }
  const modules = checks.filter(({ module }) => module !== undefined);
  await printAll(
    options.json
      ? `${jsonText(checks, 2)}\n`
      : modules.map((found) => describeCheck(found, paint)).join('\n'),
  );
  return checks.every(({ ok }) => ok) ? 0 : ExitCode.Failed;
}
