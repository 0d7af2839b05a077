import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documentHostApi } from '../../scripts/document-host-api.ts';
import { projectFolder } from '../support/command.ts';

test('docs/host-api.md is what `npm run document` makes of the table', () => {
  expect(readFileSync(join(projectFolder, 'docs', 'host-api.md'), 'utf8')).toBe(documentHostApi());
});
