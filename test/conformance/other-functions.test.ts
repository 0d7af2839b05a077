import { describe, expect, test } from 'vitest';
import { LUNATIC_FUNCTIONS } from '../support/contract.ts';
import { main } from '../support/guest.ts';
import { linesOf, trapOf } from '../support/program.ts';

describe('lunatic::version', () => {
  test('is 0.13.2', async () => {
    const body = ['major', 'minor', 'patch'].map(
      (part) => `(call $show32 (text "${part}") (call $version.${part}))`,
    );
    expect(await linesOf(main(body.join('\n')))).toEqual(['major 0', 'minor 13', 'patch 2']);
  });
});

describe('without a cluster', () => {
  test('there are no nodes, and the own one is 0', async () => {
    const body = `
      (call $show32 (text "nodes_count") (call $distributed.nodes_count))
      (call $show32 (text "get_nodes") (call $distributed.get_nodes (i32.const 0) (i32.const 8)))
      (call $show (text "node_id") (call $distributed.node_id))
      (call $show (text "module_id") (call $distributed.module_id))`;
    expect(await linesOf(main(body))).toEqual(['nodes_count 0', 'get_nodes 0', 'node_id 0', 'module_id 0']);
  });
});

describe('what needs a cluster', () => {
  test.each(['spawn', 'send', 'send_receive_skip_search', 'exec_lookup_nodes', 'copy_lookup_nodes_results'])(
    '%s traps without one',
    async (name) => {
      const fn = LUNATIC_FUNCTIONS.find(
        (each) => each.module === 'lunatic::distributed' && each.name === name,
      );
      const call = `(call $distributed.${name} ${fn?.params.map((type) => `(${type}.const 0)`).join(' ')})`;
      const create = '(call $message.create_data (i64.const 0) (i64.const 0))';
      expect(await trapOf(main(`${create} (drop ${call})`))).toBe(
        'this runtime is no node of a cluster (lunatic node)',
      );
    },
  );
});
