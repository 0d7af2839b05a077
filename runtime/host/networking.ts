import { Namespace, unsupported } from './function.ts';

/** `lunatic::networking` (semantics 8): DNS, TCP, TLS and UDP. */
export const networking = new Namespace('lunatic::networking');

networking.define(
  'resolve',
  '(name_str_ptr: i32, name_str_len: i32, timeout_duration: i64, id_u64_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Resolves `host:port` to an iterator over addresses.',
  unsupported('lunatic::networking::resolve'),
);
networking.define(
  'drop_dns_iterator',
  '(dns_iter_id: i64)',
  { since: '0.5.0' },
  'Releases an address iterator.',
  unsupported('lunatic::networking::drop_dns_iterator'),
);
networking.define(
  'resolve_next',
  '(dns_iter_id: i64, addr_type_u32_ptr: i32, addr_u8_ptr: i32, port_u16_ptr: i32, flow_info_u32_ptr: i32, scope_id_u32_ptr: i32) -> i32',
  { since: '0.5.0' },
  'Writes the next address of an iterator. Returns 1 at the end.',
  unsupported('lunatic::networking::resolve_next'),
);
networking.define(
  'tcp_bind',
  '(addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, id_u64_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Binds a TCP socket and listens on it.',
  unsupported('lunatic::networking::tcp_bind'),
);
networking.define(
  'drop_tcp_listener',
  '(tcp_listener_id: i64)',
  { since: '0.5.0' },
  'Closes a TCP listener.',
  unsupported('lunatic::networking::drop_tcp_listener'),
);
networking.define(
  'tcp_local_addr',
  '(tcp_listener_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Gives the local address of a listener as an iterator of one address.',
  unsupported('lunatic::networking::tcp_local_addr'),
);
networking.define(
  'tcp_accept',
  '(listener_id: i64, id_u64_ptr: i32, socket_addr_id_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Waits for a connection.',
  unsupported('lunatic::networking::tcp_accept'),
);
networking.define(
  'tcp_connect',
  '(addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, timeout_duration: i64, id_u64_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Connects to an address.',
  unsupported('lunatic::networking::tcp_connect'),
);
networking.define(
  'tcp_peer_addr',
  '(tcp_stream_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  "Gives the peer's address as an iterator of one address.",
  unsupported('lunatic::networking::tcp_peer_addr'),
);
networking.define(
  'drop_tcp_stream',
  '(tcp_stream_id: i64)',
  { since: '0.5.0' },
  'Releases a reference to a TCP stream.',
  unsupported('lunatic::networking::drop_tcp_stream'),
);
networking.define(
  'clone_tcp_stream',
  '(tcp_stream_id: i64) -> i64',
  { since: '0.5.0' },
  'Makes another reference to a TCP stream.',
  unsupported('lunatic::networking::clone_tcp_stream'),
);
networking.define(
  'tcp_write_vectored',
  '(stream_id: i64, ciovec_array_ptr: i32, ciovec_array_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Writes several buffers in one go.',
  unsupported('lunatic::networking::tcp_write_vectored'),
);
networking.define(
  'tcp_peek',
  '(stream_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.10.1', blocking: true },
  'Reads without taking the bytes from the stream.',
  unsupported('lunatic::networking::tcp_peek'),
);
networking.define(
  'tcp_read',
  '(stream_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Reads what is there, at least one byte unless the peer closed.',
  unsupported('lunatic::networking::tcp_read'),
);
networking.define(
  'set_read_timeout',
  '(stream_id: i64, duration: i64)',
  { since: '0.10.1', blocking: true },
  'Sets how long reads wait, in milliseconds.',
  unsupported('lunatic::networking::set_read_timeout'),
);
networking.define(
  'set_write_timeout',
  '(stream_id: i64, duration: i64)',
  { since: '0.10.1', blocking: true },
  'Sets how long writes wait, in milliseconds.',
  unsupported('lunatic::networking::set_write_timeout'),
);
networking.define(
  'set_peek_timeout',
  '(stream_id: i64, duration: i64)',
  { since: '0.10.1', blocking: true },
  'Sets how long peeks wait, in milliseconds.',
  unsupported('lunatic::networking::set_peek_timeout'),
);
networking.define(
  'get_read_timeout',
  '(stream_id: i64) -> i64',
  { since: '0.10.1', blocking: true },
  'Returns how long reads wait, in milliseconds.',
  unsupported('lunatic::networking::get_read_timeout'),
);
networking.define(
  'get_write_timeout',
  '(stream_id: i64) -> i64',
  { since: '0.10.1', blocking: true },
  'Returns how long writes wait, in milliseconds.',
  unsupported('lunatic::networking::get_write_timeout'),
);
networking.define(
  'get_peek_timeout',
  '(stream_id: i64) -> i64',
  { since: '0.10.1', blocking: true },
  'Returns how long peeks wait, in milliseconds.',
  unsupported('lunatic::networking::get_peek_timeout'),
);
networking.define(
  'tcp_flush',
  '(stream_id: i64, error_id_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Waits until all written bytes are handed to the system.',
  unsupported('lunatic::networking::tcp_flush'),
);
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
networking.define(
  'drop_tls_stream',
  '(tls_stream_id: i64)',
  { since: '0.12.0' },
  'Releases a reference to a TLS stream.',
  unsupported('lunatic::networking::drop_tls_stream'),
);
networking.define(
  'clone_tls_stream',
  '(tls_stream_id: i64) -> i64',
  { since: '0.12.0' },
  'Makes another reference to a TLS stream.',
  unsupported('lunatic::networking::clone_tls_stream'),
);
networking.define(
  'tls_write_vectored',
  '(stream_id: i64, ciovec_array_ptr: i32, ciovec_array_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Writes several buffers in one go.',
  unsupported('lunatic::networking::tls_write_vectored'),
);
networking.define(
  'tls_read',
  '(stream_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Reads what is there, at least one byte unless the peer closed.',
  unsupported('lunatic::networking::tls_read'),
);
networking.define(
  'set_tls_read_timeout',
  '(stream_id: i64, duration: i64)',
  { since: '0.12.0', blocking: true },
  'Sets how long reads wait, in milliseconds.',
  unsupported('lunatic::networking::set_tls_read_timeout'),
);
networking.define(
  'set_tls_write_timeout',
  '(stream_id: i64, duration: i64)',
  { since: '0.12.0', blocking: true },
  'Sets how long writes wait, in milliseconds.',
  unsupported('lunatic::networking::set_tls_write_timeout'),
);
networking.define(
  'get_tls_read_timeout',
  '(stream_id: i64) -> i64',
  { since: '0.12.0', blocking: true },
  'Returns how long reads wait, in milliseconds.',
  unsupported('lunatic::networking::get_tls_read_timeout'),
);
networking.define(
  'get_tls_write_timeout',
  '(stream_id: i64) -> i64',
  { since: '0.12.0', blocking: true },
  'Returns how long writes wait, in milliseconds.',
  unsupported('lunatic::networking::get_tls_write_timeout'),
);
networking.define(
  'tls_flush',
  '(stream_id: i64, error_id_ptr: i32) -> i32',
  { since: '0.12.0', blocking: true },
  'Waits until all written bytes are handed to the system.',
  unsupported('lunatic::networking::tls_flush'),
);
networking.define(
  'udp_bind',
  '(addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, id_u64_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Binds a UDP socket.',
  unsupported('lunatic::networking::udp_bind'),
);
networking.define(
  'udp_local_addr',
  '(udp_socket_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Gives the local address of a socket as an iterator of one address.',
  unsupported('lunatic::networking::udp_local_addr'),
);
networking.define(
  'udp_peer_addr',
  '(udp_socket_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.13' },
  'Gives the address a socket is connected to as an iterator of one address.',
  unsupported('lunatic::networking::udp_peer_addr'),
);
networking.define(
  'drop_udp_socket',
  '(udp_socket_id: i64)',
  { since: '0.9.0' },
  'Releases a reference to a UDP socket.',
  unsupported('lunatic::networking::drop_udp_socket'),
);
networking.define(
  'udp_receive',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Waits for a datagram.',
  unsupported('lunatic::networking::udp_receive'),
);
networking.define(
  'udp_receive_from',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32, dns_iter_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Waits for a datagram and gives its sender as an iterator of one address.',
  unsupported('lunatic::networking::udp_receive_from'),
);
networking.define(
  'udp_connect',
  '(udp_socket_id: i64, addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, timeout_duration: i64, id_u64_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Fixes the peer of a socket.',
  unsupported('lunatic::networking::udp_connect'),
);
networking.define(
  'clone_udp_socket',
  '(udp_socket_id: i64) -> i64',
  { since: '0.9.0' },
  'Makes another reference to a UDP socket.',
  unsupported('lunatic::networking::clone_udp_socket'),
);
networking.define(
  'set_udp_socket_broadcast',
  '(udp_socket_id: i64, broadcast: i32)',
  { since: '0.9.0' },
  'Allows or forbids broadcasts.',
  unsupported('lunatic::networking::set_udp_socket_broadcast'),
);
networking.define(
  'get_udp_socket_broadcast',
  '(udp_socket_id: i64) -> i32',
  { since: '0.9.0' },
  'Returns whether broadcasts are allowed.',
  unsupported('lunatic::networking::get_udp_socket_broadcast'),
);
networking.define(
  'set_udp_socket_ttl',
  '(udp_socket_id: i64, ttl: i32)',
  { since: '0.9.0' },
  'Sets the time to live of datagrams.',
  unsupported('lunatic::networking::set_udp_socket_ttl'),
);
networking.define(
  'get_udp_socket_ttl',
  '(udp_socket_id: i64) -> i32',
  { since: '0.9.0' },
  'Returns the time to live of datagrams.',
  unsupported('lunatic::networking::get_udp_socket_ttl'),
);
networking.define(
  'udp_send_to',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, addr_type: i32, addr_u8_ptr: i32, port: i32, flow_info: i32, scope_id: i32, opaque_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Sends a datagram to an address.',
  unsupported('lunatic::networking::udp_send_to'),
);
networking.define(
  'udp_send',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.9.0', blocking: true },
  'Sends a datagram to the connected peer.',
  unsupported('lunatic::networking::udp_send'),
);
