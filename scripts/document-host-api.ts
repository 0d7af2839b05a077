// Writes docs/host-api.md from the table of host functions. `npm test` fails while the two differ.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { HOST_FUNCTIONS } from '../runtime/internal.ts';

const INTRODUCTION = `# The host API

The functions that programs can import, one sentence for each. [The contract with guests](abi/README.md) has the exact
behaviour: what is read and written, result codes, and when a function traps. \`npm run document\` makes this page from the
table of host functions; do not edit it.

Pointers and lengths are \`i32\`; ids, tags and times in milliseconds are \`i64\`. A function that returns a code returns 0
for success and 1 for failure, and writes an id, or the id of an error, to the cell that its last pointer names. 9027 means
that the call timed out. **Waits** marks the functions that may suspend the calling process.
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
