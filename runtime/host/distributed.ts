import { Namespace, older, unsupported } from '../hostcall/function.ts';

/**
 * `lunatic::distributed` (abi 16): other nodes. Programs that stay local import many of these functions too, so all of
 * them can be linked and answer as on a runtime without a cluster.
 */
export const distributed = new Namespace('lunatic::distributed');

distributed.define(
  'nodes_count',
  '() -> i32',
  { since: '0.10.0' },
  'Returns the number of nodes in the cluster, 0 without one.',
  () => () => 0,
);
distributed.define(
  'get_nodes',
  '(nodes_ptr: i32, nodes_len: i32) -> i32',
  { since: '0.10.0' },
  'Writes the ids of the nodes and returns their number.',
  () => () => 0,
);
distributed.define(
  'node_id',
  '() -> i64',
  { since: '0.10.0' },
  'Returns the id of this node, 0 without a cluster.',
  () => () => 0n,
);
distributed.define(
  'module_id',
  '() -> i64',
  { since: '0.10.0' },
  "Returns the cluster's id of the caller's module, 0 if it has none.",
  () => () => 0n,
);
distributed.define(
  'spawn',
  '(node_id: i64, config_id: i64, module_id: i64, func_str_ptr: i32, func_str_len: i32, params_ptr: i32, params_len: i32, id_ptr: i32) -> i32',
  {
    since: '0.10.0',
    blocking: true,
    // as-lunatic passes a link first.
    older: [older('(i64, i64, i64, i64, i32, i32, i32, i32, i32) -> i32')],
  },
  'Spawns a process on a node.',
  unsupported('lunatic::distributed::spawn'),
);
distributed.define(
  'send',
  '(node_id: i64, process_id: i64) -> i32',
  { since: '0.10.0', blocking: true, older: [older('(i64, i64)')] },
  'Sends the message to a process of a node.',
  unsupported('lunatic::distributed::send'),
);
distributed.define(
  'send_receive_skip_search',
  '(node_id: i64, process_id: i64, wait_on_tag: i64, timeout_duration: i64) -> i32',
  { since: '0.10.0', blocking: true, older: [older('(i64, i64, i64) -> i32')] },
  'Sends the message to a process of a node and waits for an answer of the given tag.',
  unsupported('lunatic::distributed::send_receive_skip_search'),
);
distributed.define(
  'exec_lookup_nodes',
  '(query_ptr: i32, query_len: i32, query_id_ptr: i32, nodes_len_ptr: i32, error_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Looks for nodes with certain attributes.',
  unsupported('lunatic::distributed::exec_lookup_nodes'),
);
distributed.define(
  'copy_lookup_nodes_results',
  '(query_id: i64, nodes_ptr: i32, nodes_len: i32, error_ptr: i32) -> i32',
  { since: '0.12.0' },
  'Writes the ids of the nodes that a look-up found.',
  unsupported('lunatic::distributed::copy_lookup_nodes_results'),
);
distributed.define(
  'test_root_cert',
  '(len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the certificate and key of the test authority.',
  unsupported('lunatic::distributed::test_root_cert'),
);
distributed.define(
  'default_server_certificates',
  '(cert_pem_ptr: i32, cert_pem_len: i32, pk_pem_ptr: i32, pk_pem_len: i32, len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Makes a certificate and key for a control server.',
  unsupported('lunatic::distributed::default_server_certificates'),
);
distributed.define(
  'sign_node',
  '(cert_pem_ptr: i32, cert_pem_len: i32, pk_pem_ptr: i32, pk_pem_len: i32, csr_pem_ptr: i32, csr_pem_len: i32, len_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  "Signs a node's certificate request.",
  unsupported('lunatic::distributed::sign_node'),
);
