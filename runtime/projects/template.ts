/** What `lunatic new` can make: programs, and the languages in which they are written. */

/** A language, in the order in which they are offered. */
export interface Language {
  /** As on the command line, and the folder in `media/templates`. */
  readonly name: string;
  readonly label: string;
  /** The source with which a reader begins, relative to the project. */
  readonly source: string;
  /** The commands that get what the project needs, run it, and run its tests. */
  readonly run: readonly string[];
  readonly test: string;
}

export const LANGUAGES: readonly Language[] = [
  { name: 'rust', label: 'Rust', source: 'src/main.rs', run: ['cargo run'], test: 'cargo test' },
  {
    name: 'assemblyscript',
    label: 'AssemblyScript',
    source: 'assembly/index.ts',
    run: ['npm install', 'npm start'],
    test: 'npm test',
  },
  { name: 'c', label: 'C', source: 'main.c', run: ['make run'], test: 'make test' },
  {
    name: 'wat',
    label: 'WebAssembly text',
    source: 'main.wat',
    run: ['lunatic run main.wat'],
    test: 'lunatic test main.wat',
  },
];

/** A program to begin with. */
export interface Template {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** The names of the languages in which it is written. */
  readonly languages: readonly string[];
}

export const TEMPLATES: readonly Template[] = [
  {
    name: 'workers',
    label: 'Worker pool',
    description: 'workers that do jobs, and a supervisor that replaces those that crash',
    languages: ['rust', 'assemblyscript', 'c', 'wat'],
  },
  {
    name: 'chat',
    label: 'Chat server',
    description: 'members that connect by TCP, and a room that is started again after a crash',
    languages: ['rust', 'assemblyscript', 'c'],
  },
  {
    name: 'http',
    label: 'HTTP server',
    description: 'a process for each request, and a supervised counter of visits',
    languages: ['rust', 'assemblyscript', 'c'],
  },
];
