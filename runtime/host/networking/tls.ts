import { unsupported } from '../function.ts';
import { networking } from './namespace.ts';

networking.define(
  'tls_bind',
  '(addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, id_u64_ptr: i32, certs_array_ptr: i32, certs_array_len: i32, keys_array_ptr: i32, keys_array_len: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Binds a TLS socket with a certificate and a key, and listens on it.',
  unsupported('lunatic::networking::tls_bind'),
);

networking.define(
  'drop_tls_listener',
  '(tls_listener_id: i64)',
  { since: '0.12.0' },
  'Closes a TLS listener.',
  unsupported('lunatic::networking::drop_tls_listener'),
);

networking.define(
  'tls_local_addr',
  '(tls_listener_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.12.0' },
  'Gives the local address of a TLS listener as an iterator of one address.',
  unsupported('lunatic::networking::tls_local_addr'),
);

networking.define(
  'tls_accept',
  '(listener_id: i64, id_u64_ptr: i32, socket_addr_id_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Waits for a connection and shakes hands.',
  unsupported('lunatic::networking::tls_accept'),
);

networking.define(
  'tls_connect',
  '(addr_str_ptr: i32, addr_str_len: i32, port: i32, timeout_duration: i64, id_u64_ptr: i32, certs_array_ptr: i32, certs_array_len: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Connects to a host by name and shakes hands.',
  unsupported('lunatic::networking::tls_connect'),
);
