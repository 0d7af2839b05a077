// Leaves the tests out of a module. The compiler calls it for the release, as asconfig.json says.
export default class {
  afterParse({ sources }) {
    const isTest = ({ name }) => name?.text?.startsWith("__lunatic_test_") ?? false;
    for (const source of sources) source.statements = source.statements.filter((statement) => !isTest(statement));
  }
}
