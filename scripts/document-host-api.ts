// Writes docs/host-api.md from the table of host functions. `npm test` fails while the two differ.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { HOST_FUNCTIONS } from '../runtime/internal.ts';

const INTRODUCTION = `# The host API

What programs can import. Made from the table in the sources by \`npm run document\`; do not edit.

Pointers and lengths are \`i32\`, ids, tags and times in milliseconds \`i64\`. A function that returns a code gives 0 for
success and 1 for failure, with an id or the id of an error in the cell that its last pointers name; 9027 means timed
out. **Waits** marks functions that may suspend the calling process, and only that.
`;

/** The page as Markdown. */
export function documentHostApi(): string {
  const modules = [...new Set(HOST_FUNCTIONS.map((fn) => fn.module))];
  const sections = modules.map((module) => {
    const functions = HOST_FUNCTIONS.filter((fn) => fn.module === module);
    const entries = functions.map((fn) => {
      const params = fn.params.map((type, i) => `${fn.paramNames[i]}: ${type}`).join(', ');
      const results = fn.results.length === 0 ? '' : ` -> ${fn.results.join(', ')}`;
      return `- **${fn.name}** \`(${params})${results}\`${fn.blocking ? ' **Waits.**' : ''}<br>${fn.doc}\n`;
    });
    return `\n## ${module}\n\n${entries.join('')}`;
  });
  return INTRODUCTION + sections.join('');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../docs/host-api.md', import.meta.url), documentHostApi());
}
