import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';

/** Connections at the same time. A Prometheus needs one. */
const MAX_CONNECTIONS = 32;
/** Milliseconds that a request may take to arrive. */
const REQUEST_TIME = 5000;

const PATH = '/metrics';

/** Metrics as text. */
interface Exported {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Serves metrics in Prometheus's text format, at /metrics. */
export class MetricsServer {
  readonly url: string;
  readonly #http: Server;

  private constructor(http: Server, url: string) {
    this.#http = http;
    this.url = url;
  }

  /** Starts a server. @throws the error of the operating system if it cannot listen there */
  static async listen(host: string, port: number, exported: Exported): Promise<MetricsServer> {
    const http = createServer((request, response) => {
      respond(request, response, host, exported).catch(() => response.destroy());
    });
    http.headersTimeout = http.requestTimeout = REQUEST_TIME;
    http.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((done, fail) => {
      http.once('error', fail);
      http.listen(port, host, () => {
        http.off('error', fail);
        // For example too many open files, when somebody connects.
        http.on('error', () => {});
        done();
      });
    });
    // It serves as long as the program runs, and does not keep it running.
    http.unref();
    const bound = http.address();
    const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
    const urlHost = isIP(host) === 6 ? `[${host}]` : host;
    return new MetricsServer(http, `http://${urlHost}:${boundPort}${PATH}`);
  }

  close(): void {
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

async function respond(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  host: string,
  exported: Exported,
): Promise<void> {
  const refuse = (status: number, text: string, more = {}) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...more });
    response.end(`${text}\n`);
  };
  if (!isOwnName(headers.host ?? '', host)) return refuse(403, 'The Host header names another host.');
  if (url?.split('?')[0] !== PATH) return refuse(404, `The metrics are at ${PATH}.`);
  if (method !== 'GET' && method !== 'HEAD')
    return refuse(405, 'The metrics can only be read.', { allow: 'GET, HEAD' });
  const text = await exported.metrics();
  response.writeHead(200, {
    'content-type': exported.contentType,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(method === 'HEAD' ? '' : text);
}

/**
 * Returns whether a `Host` header names the address that the server listens on: a web page that has pointed a name of its
 * own here must not read the metrics. If it listens on the network, any name may be its own.
 */
function isOwnName(header: string, host: string): boolean {
  if (host === '0.0.0.0' || host === '::') return true;
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === host || name === 'localhost' || isIP(name) !== 0;
}
